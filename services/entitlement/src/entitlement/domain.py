"""A subscription's life: immediate and scheduled changes. Pure."""

from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from entitlement.plans import PLANS, PlanId
from shared.consistency import PlaceView
from shared.contracts import PlanChanged, ScheduledPlan, SubscriptionState
from shared.ids import ChangeId, UserId

PERIOD = timedelta(days=30)


class Scheduled(BaseModel):
    """What takes over at `at`."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    plan: PlanId
    state: SubscriptionState
    members: int | None = None


class Subscription(BaseModel):
    """One person's subscription; who never had one is on the free plan, version 0."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    user_id: UserId = Field(alias="_id")
    plan: PlanId = "free"
    state: SubscriptionState = SubscriptionState.ACTIVE
    members: int | None = None
    period_end: datetime | None = None
    scheduled: Scheduled | None = None
    version: int = 0
    changed_at: datetime | None = None
    change_id: ChangeId | None = None
    enforced_at: datetime | None = None
    places: list[PlaceView] = []

    def _with(self, **changes: Any) -> "Subscription":
        return self.model_copy(update=changes)

    def at(self, now: datetime) -> "Subscription":
        """Give what holds at `now`: a scheduled change takes effect on time, whoever has noticed."""
        if self.scheduled is None or now < self.scheduled.at:
            return self
        ended = self.scheduled.state is SubscriptionState.ENDED
        return self._with(
            plan=self.scheduled.plan,
            state=self.scheduled.state,
            members=self.scheduled.members,
            period_end=None if ended else self.scheduled.at + PERIOD,
            scheduled=None,
        )

    def subscribed(self, plan: PlanId, members: int | None, now: datetime) -> "Subscription":
        """Begin `plan` now, with a new period."""
        return self._with(
            plan=plan,
            state=SubscriptionState.ACTIVE,
            members=members,
            period_end=now + PERIOD,
            scheduled=None,
        )

    def switching(self, plan: PlanId, members: int | None = None) -> "Subscription":
        """Go on with `plan` after the period that is paid.

        Raises:
            NothingPaidError: there is no such period.
        """
        later = Scheduled(at=self._paid_until(), plan=plan, state=SubscriptionState.ACTIVE, members=members)
        return self._with(state=SubscriptionState.ACTIVE, scheduled=later)

    def cancelling(self) -> "Subscription":
        """End after the period that is paid.

        Raises:
            NothingPaidError: there is no such period.
        """
        return self._ending(SubscriptionState.CANCELLING, self._paid_until())

    def past_due(self, grace_until: datetime) -> "Subscription":
        """A payment failed: still entitled until the grace ends, but nothing is paid that could lengthen it."""
        return self._ending(SubscriptionState.PAST_DUE, grace_until)._with(period_end=None)

    def ended(self) -> "Subscription":
        """End now."""
        return self._with(plan="free", state=SubscriptionState.ENDED, members=None, period_end=None, scheduled=None)

    def _ending(self, state: SubscriptionState, at: datetime) -> "Subscription":
        end = Scheduled(at=at, plan="free", state=SubscriptionState.ENDED)
        return self._with(state=state, scheduled=end)

    def _paid_until(self) -> datetime:
        if self.period_end is None:
            raise NothingPaidError
        return self.period_end


class NothingPaidError(ValueError):
    """There is no paid period at whose end something could happen."""


def to_event(document: dict[str, Any]) -> PlanChanged:
    """Give the event of a subscription's document, with what its plans allow."""
    subscription = Subscription.model_validate(document)
    later = subscription.scheduled
    return PlanChanged(
        user_id=subscription.user_id,
        version=subscription.version,
        plan=subscription.plan,
        state=subscription.state,
        capabilities=PLANS[subscription.plan].capabilities,
        members=subscription.members,
        period_end=subscription.period_end,
        scheduled=later
        and ScheduledPlan(
            at=later.at,
            plan=later.plan,
            state=later.state,
            capabilities=PLANS[later.plan].capabilities,
            members=later.members,
        ),
        changed_at=document["changed_at"],
    )
