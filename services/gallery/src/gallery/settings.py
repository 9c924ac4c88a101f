"""The settings of gallery."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What gallery needs beyond the common ones."""

    database: str = Field("gallery", description="the service's own database")
    port: int = Field(8003, ge=1, le=65535, description="port to listen on")
    entitlement_url: str = Field(description="http:// address of entitlement, asked when a plan isn't known here")
    visibility_enforcers: str = Field(
        "download", description="consumer groups, by commas, that must have a change before it counts as enforced"
    )
    erasers: str = Field(
        "download-eraser,generation-eraser",
        description="consumer groups, by commas, that erase the bytes and the prompt of what is deleted",
    )
