"""`entitlement.plan-changes`: a person's whole plan, what it allows, and when it is going to change."""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.envelope import Event, Moment, Version
from shared.ids import UserId


class Format(StrEnum):
    """A download format."""

    JPG = "jpg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"


class SubscriptionState(StrEnum):
    """Where a subscription is in its life."""

    ACTIVE = "active"
    CANCELLING = "cancelling"
    PAST_DUE = "past_due"
    ENDED = "ended"


class Capabilities(BaseModel):
    """What a plan allows: the services enforce this, never a plan's name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    private_generation: bool
    formats: tuple[Format, ...]
    generations_at_once: int = Field(ge=0)
    images_per_generation: int = Field(ge=0)


class ScheduledPlan(BaseModel):
    """What takes over at `at`, by every service's own clock, whether or not another event comes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Moment
    plan: str
    state: SubscriptionState
    capabilities: Capabilities
    members: int | None = None


class PlanChanged(Event):
    """The whole state of one person's subscription."""

    type: ClassVar[str] = "entitlement.plan-changed.v1"
    topic: ClassVar[str] = "entitlement.plan-changes"
    source: ClassVar[str] = "entitlement"

    user_id: UserId
    version: Version
    plan: str
    state: SubscriptionState
    capabilities: Capabilities
    members: int | None = None
    period_end: Moment | None = None
    scheduled: ScheduledPlan | None = None
    changed_at: Moment

    @property
    def key(self) -> str:
        """The person's id."""
        return self.user_id
