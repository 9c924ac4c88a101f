"""Ending tasks for certain."""

import asyncio
from collections.abc import Collection
from typing import Any

_AGAIN_AFTER_S = 1.0
_TRIES = 30


async def cancelled(tasks: Collection[asyncio.Task[Any]]) -> list[Exception]:
    """Cancel tasks until all have ended; give what failed in them.

    Once isn't enough: aiokafka's clients swallow a cancellation that reaches them while they close.

    Raises:
        TimeoutError: one doesn't end.
    """
    for _ in range(_TRIES):
        going_on = [task for task in tasks if not task.done()]
        if not going_on:
            return [why for it in tasks if not it.cancelled() and isinstance(why := it.exception(), Exception)]
        for task in going_on:
            task.cancel()
        await asyncio.wait(going_on, timeout=_AGAIN_AFTER_S)
    raise TimeoutError(f"not cancelled: {[task for task in tasks if not task.done()]}")
