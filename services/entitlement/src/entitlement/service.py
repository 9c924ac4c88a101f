"""Changing and reading subscriptions; what is scheduled takes effect on time."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from aiokafka.errors import KafkaError

from entitlement.domain import NothingPaidError, Subscription
from entitlement.plans import PLANS
from entitlement.repository import SubscriptionRepository
from entitlement.schemas import AdminRequest, EntitlementView, SubscriptionRequest, When
from shared.consistency import Enforcement, clock, state_of
from shared.contracts import SubscriptionState
from shared.http.problems import Problem
from shared.ids import UserId, new_change_id
from shared.mongo import Document, StoreError

log = logging.getLogger(__name__)

_ATTEMPTS = 8
_DUE_AT_MOST = 200
_LOOK_EVERY_S = 0.5

Transition = Callable[[Subscription, datetime], Subscription]


class EntitlementService:
    """The use cases of subscriptions."""

    def __init__(self, subscriptions: SubscriptionRepository, enforcement: Enforcement, grace: timedelta) -> None:
        self._subscriptions = subscriptions
        self._enforcement = enforcement
        self._grace = grace

    async def see(self, user_id: UserId) -> EntitlementView:
        """Say what somebody's plan is and allows now."""
        await self._enforcement.settled()
        return EntitlementView.of(await self._subscriptions.get(user_id), datetime.now(UTC))

    async def subscribe(self, user_id: UserId, wanted: SubscriptionRequest) -> EntitlementView:
        """Change the plan now, or at the end of what is paid.

        Raises:
            Problem: 409 `nothing_paid` for an end of a period that there isn't.
        """
        if wanted.plan == "free":
            return await self.cancel(user_id, wanted.when)
        if wanted.when == "period_end":
            return await self._change(user_id, lambda it, _: it.switching(wanted.plan, wanted.members))
        return await self._change(user_id, lambda it, now: it.subscribed(wanted.plan, wanted.members, now))

    async def cancel(self, user_id: UserId, when: When) -> EntitlementView:
        """End the subscription now, or at the end of what is paid (409 `nothing_paid` when nothing is)."""
        if when == "period_end":
            return await self._change(user_id, lambda it, _: it.cancelling())
        return await self._change(user_id, lambda it, _: it.ended())

    async def set(self, user_id: UserId, wanted: AdminRequest) -> EntitlementView:
        """Set the subscription as an operator says."""

        def transition(before: Subscription, now: datetime) -> Subscription:
            subscribed = before.subscribed(wanted.plan, wanted.members, now)
            if wanted.state is SubscriptionState.ENDED:
                return before.ended()
            if wanted.state is SubscriptionState.PAST_DUE:
                return subscribed.past_due(wanted.ends_at or now + self._grace)
            if wanted.state is SubscriptionState.CANCELLING:
                paid = subscribed.model_copy(update={"period_end": wanted.ends_at or subscribed.period_end})
                return paid.cancelling()
            return subscribed if PLANS[wanted.plan].usd_per_month else _free(subscribed)

        return await self._change(user_id, transition)

    async def take_effect_forever(self) -> None:
        """Publish a version of its own for what is due, twice a second until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self.take_effect(datetime.now(UTC))
            except (StoreError, KafkaError, TimeoutError, OSError) as error:
                log.warning("due changes wait", extra={"error": type(error).__name__})

    async def take_effect(self, now: datetime) -> None:
        """Write and publish the scheduled changes that are due."""
        documents: list[Document] = []
        for before in await self._subscriptions.due(now, _DUE_AT_MOST):
            saved = await self._subscriptions.save(before, before.at(now), new_change_id(), now)
            if saved is not None:
                documents.append(saved)
        if documents:
            await self._enforcement.enforce(documents, clock())

    async def _change(self, user_id: UserId, transition: Transition) -> EntitlementView:
        for _ in range(_ATTEMPTS):
            before, now, began = await self._subscriptions.get(user_id), _now(), clock()
            try:
                after = transition(before.at(now), now)
            except NothingPaidError:
                raise Problem(409, "nothing_paid", "There is no paid period that could end; use when=now.") from None
            saved = await self._subscriptions.save(before, after, new_change_id(), now)
            if saved is not None:
                # Shielded: once the truth is written, a caller who hangs up must not stop its publication.
                places = await asyncio.shield(self._enforcement.enforce_one(saved, began))
                enforced = state_of(places) == "enforced"
                current = Subscription.model_validate(
                    {**saved, "places": places, "enforced_at": datetime.now(UTC) if enforced else None}
                )
                return EntitlementView.of(current, datetime.now(UTC))
        raise Problem(409, "too_many_changes", "The subscription is being changed elsewhere; try again.")


def _now() -> datetime:
    """Give the time as the store keeps it, so that an answer says what a later one does."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _free(subscription: Subscription) -> Subscription:
    return subscription.model_copy(update={"period_end": None})
