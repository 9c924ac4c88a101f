"""The events, one file each, and their list."""

from shared.contracts.envelope import Event
from shared.contracts.generation_finished import FinishedImage, GenerationFinished, Outcome
from shared.contracts.generation_requested import GenerationRequested
from shared.contracts.plan_changed import (
    Capabilities,
    Format,
    PlanChanged,
    ScheduledPlan,
    SubscriptionState,
)
from shared.contracts.visibility_changed import Cause, VisibilityChanged

EVENTS: tuple[type[Event], ...] = (PlanChanged, GenerationRequested, GenerationFinished, VisibilityChanged)
"""Every contract; the tests of compatibility and of golden messages walk this."""

__all__ = [
    "EVENTS",
    "Capabilities",
    "Cause",
    "Event",
    "FinishedImage",
    "Format",
    "GenerationFinished",
    "GenerationRequested",
    "Outcome",
    "PlanChanged",
    "ScheduledPlan",
    "SubscriptionState",
    "VisibilityChanged",
]
