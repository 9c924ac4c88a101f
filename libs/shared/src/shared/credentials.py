"""Where a store is, as whom to speak to it and how, as plain values: nothing here loads a client."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]
Compression = Literal["none", "gzip", "snappy", "lz4", "zstd"]


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """Where Kafka is, as whom to speak to it and how.

    `ca_file`: whom to trust with TLS; None: whom the system trusts.
    """

    bootstrap_servers: str
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    compression: Compression = "none"

    @classmethod
    def of(cls, address: "KafkaAccess | str") -> "KafkaAccess":
        """Take an access as it is; a bare address is one without credentials."""
        return cls(address) if isinstance(address, str) else address

    @property
    def has_tls(self) -> bool:
        """Tell whether the transport is encrypted."""
        return self.security_protocol.endswith("SSL")

    @property
    def has_sasl(self) -> bool:
        """Tell whether we have to say who we are."""
        return self.security_protocol.startswith("SASL")


@dataclass(frozen=True, slots=True)
class MongoLogin:
    """As whom to connect; `source` is the database that knows the user."""

    username: str
    password: str = field(repr=False)
    source: str
