"""Settings from the environment, typed, refused at start with a clear sentence when they are wrong."""

import sys
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

S = TypeVar("S", bound=BaseSettings)


class ServiceSettings(BaseSettings):
    """What every service needs. The environment's names are the fields' in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=1, le=65535, description="port to listen on")
    kafka_bootstrap_servers: str = Field(description="host:port[,host:port]")
    mongo_url: str = Field(description="mongodb:// address, with credentials where the store wants them")
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
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level that is logged")
    otel_exporter_otlp_endpoint: str | None = Field(None, description="OTLP over HTTP; unset: telemetry is off")


class ObjectStoreSettings(BaseSettings):
    """Where the objects are, and with whose rights."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    s3_endpoint: str = Field(description="http:// or https:// address of the S3 store")
    s3_access_key: SecretStr = Field(description="the service's own key")
    s3_secret_key: SecretStr = Field(description="and its secret")
    s3_region: str = Field("us-east-1", description="region of the buckets")


def load(settings: type[S]) -> S:
    """Read `settings` from the environment, or end the process with a sentence for each wrong one."""
    try:
        return settings()
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = "_".join(str(part) for part in problem["loc"]).upper()
            print(f"setting {name}: {problem['msg']}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
