"""Times in requests: with a zone, and of this age."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

_FIRST_YEAR, _LAST_YEAR = 2000, 2200


def _of_this_age(moment: datetime) -> datetime:
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time can't be expressed in UTC") from None
    if not _FIRST_YEAR <= in_utc.year <= _LAST_YEAR:
        raise ValueError(f"the year must lie between {_FIRST_YEAR} and {_LAST_YEAR}")
    return in_utc


RequestMoment = Annotated[AwareDatetime, AfterValidator(_of_this_age)]
"""A time that a request names, in UTC from here on; stores and clients can't express just any."""
