"""A subscription's life, transition by transition."""

from datetime import UTC, datetime, timedelta

import pytest

from entitlement.domain import PERIOD, NothingPaidError, Subscription, to_event
from entitlement.plans import PLANS
from entitlement.schemas import EntitlementView
from shared.contracts import Format, SubscriptionState
from shared.entitlements import effective
from shared.ids import UserId

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOBODY = Subscription(user_id=UserId("ann"))
PLUS = NOBODY.subscribed("plus", None, NOW)
A_SECOND = timedelta(seconds=1)


def test_newcomer_is_on_the_free_plan_without_an_end() -> None:
    view = EntitlementView.of(NOBODY, NOW)
    assert (view.plan, view.state, view.version) == ("free", "active", 0)
    assert (view.ends_at, view.scheduled, view.period_end, view.change) == (None, None, None, None)


def test_subscriber_begins_a_plan_now_with_a_new_period() -> None:
    assert (PLUS.plan, PLUS.state, PLUS.period_end) == ("plus", SubscriptionState.ACTIVE, NOW + PERIOD)


def test_subscriber_upgrades_at_once_and_what_was_scheduled_is_dropped() -> None:
    upgraded = PLUS.switching("basic").subscribed("pro", None, NOW + A_SECOND)
    assert (upgraded.plan, upgraded.scheduled, upgraded.period_end) == ("pro", None, NOW + A_SECOND + PERIOD)


def test_subscriber_downgrades_keeps_the_plan_until_the_period_ends() -> None:
    later = PLUS.switching("basic", None)
    assert later.at(NOW + PERIOD - A_SECOND).plan == "plus"
    after = later.at(NOW + PERIOD)
    assert (after.plan, after.state, after.scheduled) == ("basic", SubscriptionState.ACTIVE, None)
    assert after.period_end == NOW + PERIOD + PERIOD


def test_subscriber_cancels_is_entitled_until_the_period_ends() -> None:
    cancelling = PLUS.cancelling()
    assert cancelling.state is SubscriptionState.CANCELLING
    assert cancelling.at(NOW + PERIOD - A_SECOND).plan == "plus"
    after = cancelling.at(NOW + PERIOD)
    assert (after.plan, after.state, after.period_end) == ("free", SubscriptionState.ENDED, None)


def test_past_due_subscriber_is_entitled_until_the_grace_ends() -> None:
    past_due = PLUS.past_due(NOW + timedelta(days=7))
    assert (past_due.plan, past_due.state) == ("plus", SubscriptionState.PAST_DUE)
    assert past_due.at(NOW + timedelta(days=7)).state is SubscriptionState.ENDED


def test_past_due_subscriber_can_not_lengthen_the_grace_by_cancelling_or_switching_later() -> None:
    past_due = PLUS.past_due(NOW + timedelta(days=7))
    with pytest.raises(NothingPaidError):
        past_due.cancelling()
    with pytest.raises(NothingPaidError):
        past_due.switching("basic")


def test_subscriber_ends_now_is_free_at_once_and_can_come_back() -> None:
    ended = PLUS.ended()
    assert (ended.plan, ended.state, ended.period_end) == ("free", SubscriptionState.ENDED, None)
    back = ended.subscribed("plus", None, NOW + A_SECOND)
    assert (back.plan, back.state) == ("plus", SubscriptionState.ACTIVE)


def test_who_never_paid_has_no_period_that_could_end() -> None:
    for transition in (NOBODY.cancelling, lambda: NOBODY.switching("basic")):
        with pytest.raises(NothingPaidError):
            transition()


def test_team_keeps_its_members_only_while_it_is_one() -> None:
    team = NOBODY.subscribed("team", 5, NOW)
    assert team.switching("plus").at(NOW + PERIOD).members is None
    assert PLUS.switching("team", 3).at(NOW + PERIOD).members == 3
    assert team.cancelling().at(NOW + PERIOD).members is None


def test_viewer_is_shown_what_is_scheduled_and_when_it_ends() -> None:
    switching = EntitlementView.of(PLUS.switching("basic"), NOW)
    assert switching.scheduled is not None
    assert (switching.scheduled.plan, switching.scheduled.at, switching.ends_at) == ("basic", NOW + PERIOD, None)
    assert EntitlementView.of(PLUS.cancelling(), NOW).ends_at == NOW + PERIOD


def test_viewer_is_shown_a_due_end_before_anybody_has_noted_it() -> None:
    view = EntitlementView.of(PLUS.cancelling(), NOW + PERIOD)
    assert (view.plan, view.state, view.ends_at) == ("free", "ended", None)
    assert view.capabilities.private_generation.why == "entitlement_required"
    assert view.capabilities.formats[Format.PNG].why == "format_not_in_plan"
    assert view.capabilities.formats[Format.JPG].allowed


def test_event_carries_what_takes_over_so_that_services_obey_it_by_themselves() -> None:
    stored = PLUS.cancelling().model_copy(update={"version": 3}).model_dump(by_alias=True) | {"changed_at": NOW}
    event = to_event(stored)
    assert event.version == 3
    assert effective(event, NOW).capabilities == PLANS["plus"].capabilities
    due = effective(event, NOW + PERIOD)
    assert (due.plan, due.state, due.capabilities) == ("free", "ended", PLANS["free"].capabilities)


def test_plan_table_is_the_products() -> None:
    table = {
        name: (
            it.usd_per_month,
            it.capabilities.private_generation,
            [form.value for form in it.capabilities.formats],
            it.capabilities.generations_at_once,
            it.capabilities.images_per_generation,
        )
        for name, it in PLANS.items()
    }
    every = ["jpg", "png", "webp", "avif"]
    assert table == {
        "free": (0, False, ["jpg"], 1, 4),
        "basic": (8, False, ["jpg"], 2, 4),
        "plus": (20, True, every, 8, 4),
        "pro": (60, True, every, 32, 4),
        "team": (30, True, every, 32, 4),
    }
    assert PLANS["team"].least_members == 2
