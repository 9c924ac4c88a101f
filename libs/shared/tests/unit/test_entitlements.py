"""What a plan allows at a moment of the local clock."""

from datetime import UTC, datetime, timedelta

from shared.contracts import Format, ScheduledPlan, SubscriptionState
from shared.entitlements import CapabilitiesView, effective, may_download, may_generate_privately
from shared.testing.events import FREE, PLUS, plan_changed

END = datetime(2026, 12, 1, tzinfo=UTC)


def test_scheduled_end_takes_over_on_time_without_another_event() -> None:
    scheduled = ScheduledPlan(at=END, plan="free", state=SubscriptionState.ENDED, capabilities=FREE)
    plan = plan_changed("ann", PLUS, state="cancelling", scheduled=scheduled)
    before = effective(plan, END - timedelta(microseconds=1))
    after = effective(plan, END)
    assert may_generate_privately(before.capabilities).allowed
    assert not may_generate_privately(after.capabilities).allowed
    assert after.state is SubscriptionState.ENDED


def test_jpg_is_for_everybody_the_rest_by_plan_with_the_reason() -> None:
    assert may_download(FREE, Format.JPG).why == "in_plan"
    refused = may_download(FREE, Format.AVIF)
    assert (refused.allowed, refused.why) == (False, "format_not_in_plan")
    assert all(may_download(PLUS, it).allowed for it in Format)


def test_shown_capabilities_read_back_the_same() -> None:
    for capabilities in (FREE, PLUS):
        assert CapabilitiesView.of(capabilities).capabilities() == capabilities
