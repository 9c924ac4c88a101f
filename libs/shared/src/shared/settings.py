"""Settings from the environment, typed, refused at start with a clear sentence when they are wrong."""

import os
import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from shared.credentials import Compression, KafkaAccess, MongoLogin, SaslMechanism, SecurityProtocol

S = TypeVar("S", bound=BaseSettings)


class EnvironmentSettings(BaseSettings):
    """Settings from the environment, whose names are the fields' in capitals, or from files.

    `SECRETS_DIR` names a folder in which a file of a field's name holds its value: a secret in a file is in no process
    list and in no container's description.
    """

    # Empty counts as unset: compose passes on every variable that it knows.
    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(  # noqa: D102 - the base's
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get("SECRETS_DIR")
        files = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *files)


class KafkaSettings(EnvironmentSettings):
    """Where Kafka is, and as whom to speak to it."""

    kafka_bootstrap_servers: str = Field(description="host:port[,host:port]")
    kafka_security_protocol: SecurityProtocol = Field("PLAINTEXT", description="with or without SASL and TLS")
    kafka_sasl_mechanism: SaslMechanism = Field("SCRAM-SHA-512", description="how to prove who we are, with SASL")
    kafka_username: str = Field("", description="the service's own principal, with SASL")
    kafka_password: SecretStr = Field(SecretStr(""), description="and its password")
    kafka_ca_file: Path | None = Field(None, description="certificates to trust with TLS; unset: the system's")
    kafka_compression: Compression = Field("none", description="of what is sent; all who read must know it")

    @property
    def kafka(self) -> KafkaAccess:
        """How to reach Kafka."""
        return KafkaAccess(
            self.kafka_bootstrap_servers,
            self.kafka_security_protocol,
            self.kafka_sasl_mechanism,
            self.kafka_username,
            self.kafka_password.get_secret_value(),
            self.kafka_ca_file,
            self.kafka_compression,
        )


class ServiceSettings(KafkaSettings):
    """What every service needs."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    mongo_url: str = Field(description="mongodb:// address; TLS and the like are options of it")
    mongo_username: str = Field("", description="the service's own user, known to its database; unset: no credentials")
    mongo_password: SecretStr = Field(SecretStr(""), description="and its password")
    database: str = Field(description="the service's own database")
    token_issuer: str = Field("private-generations-dev", description="`iss` that tokens must carry")
    token_audience: str = Field("private-generations", description="`aud` that tokens must carry")
    token_algorithm: Literal["ES256", "RS256", "EdDSA"] = Field("ES256", description="the only one accepted")
    token_jwks_url: str = Field(description="where the issuer's public keys are")
    cursor_secret: SecretStr = Field(min_length=16, description="signs the cursors of lists")
    publish_timeout_s: float = Field(2.0, gt=0, le=30, description="seconds to wait for Kafka's acknowledgement")
    barrier_timeout_s: float = Field(2.0, gt=0, le=30, description="seconds to wait for enforcers before 202")
    lease_answers: Literal[200, 202] = Field(
        200, description="what a change is answered that only the leases confirm; 202 where deposed leaders may answer"
    )
    listen_once_ready: bool = Field(
        False, description="refuse connections until ready: for a balancer that knows replicas by address only"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    otel_exporter_otlp_endpoint: str | None = Field(None, description="OTLP over HTTP; unset: telemetry is off")

    @property
    def mongo_login(self) -> MongoLogin | None:
        """As whom to speak to the store."""
        if not self.mongo_username:
            return None
        return MongoLogin(self.mongo_username, self.mongo_password.get_secret_value(), self.database)


class ObjectStoreSettings(EnvironmentSettings):
    """Where the objects are, and with whose rights."""

    s3_endpoint: str = Field(description="http:// or https:// address of the S3 store")
    s3_access_key: SecretStr = Field(description="the service's own key")
    s3_secret_key: SecretStr = Field(description="and its secret")
    s3_region: str = Field("us-east-1", description="region of the buckets")
    s3_ca_file: Path | None = Field(None, description="certificates to trust with https; unset: the system's")


def load(settings: type[S]) -> S:
    """Read `settings` from the environment, or end the process with a sentence for each wrong one."""
    try:
        return settings()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"setting {name}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
