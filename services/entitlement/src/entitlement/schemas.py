"""Plans and subscriptions as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from entitlement.domain import Subscription
from entitlement.plans import PLANS, Plan, PlanId
from shared.consistency import ChangeState, PlaceView
from shared.contracts import Format, SubscriptionState
from shared.entitlements import CapabilitiesView
from shared.http.moments import RequestMoment
from shared.ids import ChangeId, UserId

When = Literal["now", "period_end"]
Members = Annotated[int, Field(ge=2, le=1000)]


class PlanView(BaseModel):
    """A row of the plan table."""

    id: PlanId
    usd_per_month: int
    per_member: bool
    least_members: int | None
    private_generation: bool
    formats: tuple[Format, ...]
    generations_at_once: int
    images_per_generation: int

    @classmethod
    def of(cls, plan: Plan) -> "PlanView":
        """Show `plan`."""
        return cls(
            id=plan.id,
            usd_per_month=plan.usd_per_month,
            per_member=plan.least_members is not None,
            least_members=plan.least_members,
            **plan.capabilities.model_dump(),
        )


class PlanList(BaseModel):
    """The plan table."""

    items: list[PlanView]


class ScheduledView(BaseModel):
    """What is going to take over."""

    plan: PlanId
    at: datetime


class PlanChangeView(BaseModel):
    """The last change of the plan, and where it has arrived."""

    id: ChangeId
    state: ChangeState
    places: list[PlaceView]


class EntitlementView(BaseModel):
    """What somebody's plan is and allows now, with the reason for each capability."""

    user_id: UserId
    plan: PlanId
    state: SubscriptionState
    ends_at: datetime | None
    scheduled: ScheduledView | None
    period_end: datetime | None
    members: int | None
    version: int
    capabilities: CapabilitiesView
    change: PlanChangeView | None

    @classmethod
    def of(cls, subscription: Subscription, now: datetime) -> "EntitlementView":
        """Show `subscription` as it holds at `now`."""
        current = subscription.at(now)
        later = current.scheduled
        change = subscription.change_id and PlanChangeView(
            id=subscription.change_id,
            state="pending" if subscription.enforced_at is None else "enforced",
            places=subscription.places,
        )
        return cls(
            user_id=current.user_id,
            plan=current.plan,
            state=current.state,
            ends_at=later.at if later is not None and later.state is SubscriptionState.ENDED else None,
            scheduled=later and ScheduledView(plan=later.plan, at=later.at),
            period_end=current.period_end,
            members=current.members,
            version=current.version,
            capabilities=CapabilitiesView.of(PLANS[current.plan].capabilities),
            change=change or None,
        )


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plan: PlanId
    members: Members | None = None

    @model_validator(mode="after")
    def _members_where_they_count(self) -> Self:
        least = PLANS[self.plan].least_members
        if (least is None) != (self.members is None):
            raise ValueError("`members` belongs to the team plan, and only to it")
        return self


class SubscriptionRequest(_Wanted):
    """What a person wants of the built-in billing."""

    when: When = "now"


class AdminRequest(_Wanted):
    """What an operator sets; `ends_at` is when a cancelling or past-due one ends."""

    state: SubscriptionState = SubscriptionState.ACTIVE
    ends_at: RequestMoment | None = None

    @model_validator(mode="after")
    def _end_where_it_counts(self) -> Self:
        ending = {SubscriptionState.CANCELLING, SubscriptionState.PAST_DUE}
        if self.ends_at is not None and self.state not in ending:
            raise ValueError("`ends_at` belongs to cancelling and past_due")
        if (self.plan == "free") != (self.state is SubscriptionState.ENDED) and self.state in {
            *ending,
            SubscriptionState.ENDED,
        }:
            raise ValueError("an ended subscription is on plan free, a cancelling or past_due one isn't")
        return self
