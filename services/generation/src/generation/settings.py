"""The settings of generation's two roles."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from shared.settings import ObjectStoreSettings, ServiceSettings


class Settings(ServiceSettings):
    """What the API needs beyond the common ones."""

    database: str = Field("generation", description="the service's own database")
    port: int = Field(8002, ge=1, le=65535, description="port to listen on")
    entitlement_url: str = Field(description="http:// address of entitlement, asked when a plan isn't known here")
    max_event_streams: int = Field(200, ge=1, description="progress streams open at once in one process")


class WorkerSettings(Settings, ObjectStoreSettings):
    """What a worker needs: also the object store, and which back end makes the pictures."""

    probe_port: int | None = Field(None, ge=1, le=65535, description="answers /livez and /readyz; unset: nobody asks")
    backend: Literal["procedural", "diffusers", "http"] = Field("procedural", description="what makes the pictures")
    backend_timeout_s: float = Field(60.0, gt=0, le=240, description="for one picture")
    diffusers_model: Path | None = Field(None, description="folder of a local model")
    diffusers_device: str = Field("cpu", description="`cpu`, `cuda`, `cuda:1`")
    http_backend_url: str | None = Field(None, description="base address of an OpenAI-compatible API")
    http_backend_api_key: SecretStr | None = Field(None, description="its key")
    http_backend_model: str = Field("default", description="the model to ask it for")
