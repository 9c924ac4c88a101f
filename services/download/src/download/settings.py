"""The settings of download."""

from pydantic import Field

from shared.settings import ObjectStoreSettings, ServiceSettings


class Settings(ServiceSettings, ObjectStoreSettings):
    """What download needs beyond the common ones."""

    database: str = Field("download", description="the service's own database")
    port: int = Field(8004, ge=1, le=65535, description="port to listen on")
    gallery_url: str = Field(description="http:// address of gallery, asked when this service's own view won't do")
    entitlement_url: str = Field(description="http:// address of entitlement, asked when a plan isn't known here")
    conversion_workers: int = Field(2, ge=1, le=64, description="conversions at once in one process")
    conversion_queue: int = Field(64, ge=1, description="conversions that may wait before 503")
    max_archives: int = Field(8, ge=1, description="archives streaming at once in one process")
    sweep_hours: float = Field(6, gt=0, description="how often objects without a live image are looked for")
