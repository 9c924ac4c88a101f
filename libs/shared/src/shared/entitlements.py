"""What a person may do, from a plan's row, at a moment of the local clock. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from shared.contracts import Capabilities, Format, PlanChanged, SubscriptionState

Why = Literal["in_plan", "entitlement_required", "format_not_in_plan"]


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds at one moment."""

    plan: str
    state: SubscriptionState
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Allowed:
    """An answer with its reason, a stable code."""

    allowed: bool
    why: Why


def effective(plan: PlanChanged, now: datetime) -> Effective:
    """Give what holds at `now`: a scheduled change takes over at its time, whether or not its event has come."""
    later = plan.scheduled
    if later is not None and now >= later.at:
        return Effective(later.plan, later.state, later.capabilities)
    return Effective(plan.plan, plan.state, plan.capabilities)


def may_generate_privately(capabilities: Capabilities) -> Allowed:
    """Tell whether private generation, and making an image private, is in the plan."""
    if capabilities.private_generation:
        return Allowed(True, "in_plan")
    return Allowed(False, "entitlement_required")


def may_download(capabilities: Capabilities, wanted: Format) -> Allowed:
    """Tell whether `wanted` is in the plan; JPG always is (PRODUCT rule 5)."""
    if wanted is Format.JPG or wanted in capabilities.formats:
        return Allowed(True, "in_plan")
    return Allowed(False, "format_not_in_plan")


class AllowedView(BaseModel):
    """A capability as entitlement's API shows it."""

    allowed: bool
    why: str


class LimitView(BaseModel):
    """A limit as entitlement's API shows it."""

    limit: int


class CapabilitiesView(BaseModel):
    """What holds now for a person, as entitlement's API shows it and as the other services ask for it."""

    private_generation: AllowedView
    formats: dict[Format, AllowedView]
    generations_at_once: LimitView
    images_per_generation: LimitView

    @classmethod
    def of(cls, capabilities: Capabilities) -> "CapabilitiesView":
        """Show `capabilities`."""
        private = may_generate_privately(capabilities)
        formats = {wanted: may_download(capabilities, wanted) for wanted in Format}
        return cls(
            private_generation=AllowedView(allowed=private.allowed, why=private.why),
            formats={name: AllowedView(allowed=it.allowed, why=it.why) for name, it in formats.items()},
            generations_at_once=LimitView(limit=capabilities.generations_at_once),
            images_per_generation=LimitView(limit=capabilities.images_per_generation),
        )

    def capabilities(self) -> Capabilities:
        """Read it back."""
        return Capabilities(
            private_generation=self.private_generation.allowed,
            formats=tuple(name for name, it in self.formats.items() if it.allowed),
            generations_at_once=self.generations_at_once.limit,
            images_per_generation=self.images_per_generation.limit,
        )
