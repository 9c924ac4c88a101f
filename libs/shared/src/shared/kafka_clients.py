"""The one place that turns an access to Kafka into what each kind of client wants."""

import ssl
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.credentials import KafkaAccess

_SASL = {"SCRAM-SHA-512": SASLScram512, "SCRAM-SHA-256": SASLScram256, "PLAIN": SASLPlaintext}


def client_options(address: KafkaAccess | str) -> dict[str, Any]:
    """Give what any of aiokafka's clients is constructed with."""
    access = KafkaAccess.of(address)
    options: dict[str, Any] = {
        "bootstrap_servers": access.bootstrap_servers,
        "security_protocol": access.security_protocol,
    }
    if access.has_tls:
        options["ssl_context"] = _ssl_context(access)
    if access.has_sasl:
        options |= {
            "sasl_mechanism": access.sasl_mechanism,
            "sasl_plain_username": access.username,
            "sasl_plain_password": access.password,
        }
    return options


def broker_security(access: KafkaAccess) -> BaseSecurity | None:
    """Give the same for FastStream's broker."""
    context = _ssl_context(access) if access.has_tls else None
    if access.has_sasl:
        kind = _SASL[access.sasl_mechanism]
        return kind(username=access.username, password=access.password, ssl_context=context, use_ssl=access.has_tls)
    return BaseSecurity(ssl_context=context, use_ssl=True) if access.has_tls else None


def admin_client(address: KafkaAccess | str, **options: Any) -> AIOKafkaAdminClient:
    """Make an admin client; start and close it yourself."""
    return AIOKafkaAdminClient(**client_options(address), **options)


def _ssl_context(access: KafkaAccess) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=access.ca_file)
