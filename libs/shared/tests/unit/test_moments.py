"""Times in requests: in UTC, and of this age."""

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.http.moments import RequestMoment

MOMENT = TypeAdapter(RequestMoment)


def test_time_with_a_zone_becomes_utc() -> None:
    assert MOMENT.validate_python("2026-11-25T12:00:00+02:00").isoformat() == "2026-11-25T10:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1999-12-31T00:00:00Z", "2026-11-25T12:00:00"],
)
def test_time_that_nothing_can_hold_or_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(text)
