"""What all services share in one run, as the environment that each of them gets."""

from dataclasses import dataclass

from embedded import issuer
from embedded.ports import LOOPBACK
from embedded.secret_file import Secrets
from embedded.services import Environment
from embedded.stores import StoreAddresses


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all services share in one run."""

    stores: StoreAddresses
    secrets: Secrets
    front_port: int
    log_level: str

    def environment(self, port: int, urls: dict[str, str]) -> Environment:
        """Give the environment of a service that listens on `port`; `urls` say where the other services are."""
        front = f"http://{LOOPBACK}:{self.front_port}"
        return {
            "HOST": LOOPBACK,
            "PORT": str(port),
            "KAFKA_BOOTSTRAP_SERVERS": self.stores.kafka_bootstrap,
            "KAFKA_COMPRESSION": "snappy",  # the embedded broker writes its whole log every second (ADR 6)
            "MONGO_URL": self.stores.mongo_url,
            "S3_ENDPOINT": self.stores.s3_endpoint,
            "S3_ACCESS_KEY": self.stores.s3_access_key,
            "S3_SECRET_KEY": self.stores.s3_secret_key,
            "TOKEN_ISSUER": issuer.ISSUER,
            "TOKEN_AUDIENCE": issuer.AUDIENCE,
            "TOKEN_ALGORITHM": issuer.ALGORITHM,
            "TOKEN_JWKS_URL": f"{front}/dev/jwks",
            "CURSOR_SECRET": self.secrets.cursor_secret,
            "GALLERY_URL": urls.get("gallery", front),
            "ENTITLEMENT_URL": urls.get("entitlement", front),
            "BUILT_IN_BILLING": "true",
            "LOG_LEVEL": self.log_level,
        }
