"""When to ask a provider again: a few times, later each time, and not before it wants to be asked."""

import time
from collections.abc import Awaitable, Callable
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from generation.backends.http.failures import TransientFailure

ATTEMPTS = 4
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 10.0

T = TypeVar("T")


async def retrying(call: Callable[[], Awaitable[T]], first_wait_s: float = FIRST_WAIT_S) -> T:
    """Call until it succeeds, `ATTEMPTS` times at most. Raises what the last attempt raised."""
    back_off = wait_random_exponential(multiplier=first_wait_s, max=LONGEST_WAIT_S)

    def wait(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.retry_after_s if isinstance(failure, TransientFailure) else None
        # At least what the provider asked for, within reason; the jitter keeps workers from coming back as one.
        return min(LONGEST_WAIT_S, max(asked or 0.0, back_off(state)))

    attempts = AsyncRetrying(
        retry=retry_if_exception_type(TransientFailure), stop=stop_after_attempt(ATTEMPTS), wait=wait, reraise=True
    )

    # A function that is visibly async: tenacity would not wait for what a plain one returns.
    async def attempt() -> T:
        return await call()

    return await attempts(attempt)


def read_retry_after(value: str | None) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds from now; None when it is missing or nonsense."""
    if value is None:
        return None
    try:
        return max(0.0, float(value)) if value.strip().isdigit() else _until(value)
    except (ValueError, TypeError, OverflowError):
        return None


def _until(date: str) -> float:
    return max(0.0, parsedate_to_datetime(date).timestamp() - time.time())
