"""The settings of entitlement."""

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What entitlement needs beyond the common ones."""

    database: str = Field("entitlement", description="the service's own database")
    port: int = Field(8001, ge=1, le=65535, description="port to listen on")
    plan_enforcers: str = Field(
        "generation,gallery,download",
        description="consumer groups, by commas, that must have a plan change before it counts as enforced",
    )
    built_in_billing: bool = Field(False, description="lets people change their plan without paying: development")
    grace_days: int = Field(7, ge=0, le=90, description="days that a past-due subscription stays entitled")
