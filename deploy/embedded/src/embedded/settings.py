"""The settings of the embedded stack."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from embedded.stores import ALL_STORES, StoreAddresses, StoreName

_CHECKOUT = Path(__file__).parents[4]


class EmbeddedSettings(BaseSettings):
    """PORT and DATA_DIR; store addresses, each of which takes the place of an embedded store."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, env_ignore_empty=True)

    port: int = Field(8080, ge=0, le=65535, description="loopback port; 0: a free one")
    data_dir: Path = Field(Path("./.data"), description="folder of everything that must survive a restart")
    kafka_bootstrap_servers: str | None = Field(None, description="a Kafka cluster instead of the embedded broker")
    mongo_url: str | None = Field(None, description="a MongoDB instead of the embedded store")
    s3_endpoint: str | None = Field(None, description="an S3 store instead of the embedded one")
    s3_access_key: SecretStr = Field(SecretStr(""), description="its key")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="and its secret")
    page_dir: Path | None = Field(None, description="folder of the built page; the checkout's when not set")
    dev_issuer_hosts: str = Field("", description="host names besides loopback for the development issuer: `a,b`")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")

    @model_validator(mode="after")
    def _keys_go_with_the_store(self) -> Self:
        if self.s3_endpoint and not (self.s3_access_key.get_secret_value() and self.s3_secret_key.get_secret_value()):
            raise ValueError("S3_ENDPOINT needs S3_ACCESS_KEY and S3_SECRET_KEY")
        return self

    @property
    def built_page(self) -> Path:
        """Where the page is."""
        return self.page_dir or _CHECKOUT / "services/web/dist"

    @property
    def issuer_hosts(self) -> frozenset[str]:
        """The names in `dev_issuer_hosts`."""
        return frozenset(name.strip().lower() for name in self.dev_issuer_hosts.split(",") if name.strip())

    @property
    def wanted_stores(self) -> frozenset[StoreName]:
        """The stores that must be embedded."""
        elsewhere: dict[StoreName, str | None] = {
            "kafka": self.kafka_bootstrap_servers,
            "mongo": self.mongo_url,
            "s3": self.s3_endpoint,
        }
        return frozenset(name for name in ALL_STORES if not elsewhere[name])

    def store_addresses(self, embedded: StoreAddresses) -> StoreAddresses:
        """Give where the stores are, embedded or not."""
        keys = (
            (self.s3_access_key.get_secret_value(), self.s3_secret_key.get_secret_value())
            if self.s3_endpoint
            else (embedded.s3_access_key, embedded.s3_secret_key)
        )
        return StoreAddresses(
            self.kafka_bootstrap_servers or embedded.kafka_bootstrap,
            self.mongo_url or embedded.mongo_url,
            self.s3_endpoint or embedded.s3_endpoint,
            *keys,
        )
