"""Which enforcers there are, and when a change is enforced."""

import pytest

from shared.consistency import Enforcer, PlaceView, parse_enforcers, state_of
from shared.consistency.places import PlaceState


def test_enforcers_are_leased_unless_they_say_otherwise() -> None:
    assert parse_enforcers("download, reports:commit_only,x:leased,") == (
        Enforcer("download", leased=True),
        Enforcer("reports", leased=False),
        Enforcer("x", leased=True),
    )


def test_strange_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="reports:later: write"):
        parse_enforcers("reports:later")


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["applied", "applied"], "enforced"),
        (["applied", "lease"], "enforced"),
        (["applied", "pending"], "pending"),
        (["lease", "pending"], "pending"),
    ],
)
def test_change_is_enforced_once_no_place_is_pending(states: list[PlaceState], expected: str) -> None:
    places = [PlaceView(name=str(number), state=state, ms=None) for number, state in enumerate(states)]
    assert state_of(places) == expected
