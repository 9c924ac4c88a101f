"""Ending tasks for certain.

Clients swallow cancellations: aiokafka's while they close, PyMongo's one in some hundred. It waits by Python 3.11's
`asyncio.wait_for`, which does so when what it waits for is done in that very moment (python/cpython#96764).
So whoever ends a task asks again, and a loop under `asyncio.timeout` looks at `expired()` each time.
"""

import asyncio
from collections.abc import Collection
from typing import Any

_AGAIN_AFTER_S = 1.0


async def cancelled(tasks: Collection[asyncio.Task[Any]], within_s: float = 30.0) -> list[Exception]:
    """Cancel tasks until all have ended; give what failed in them.

    Raises:
        TimeoutError: one doesn't end in time.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while going_on := [task for task in tasks if not task.done()]:
        if loop.time() >= deadline:
            raise TimeoutError(f"{len(going_on)} tasks can't be ended")
        for task in going_on:
            task.cancel()
        await asyncio.wait(going_on, timeout=min(_AGAIN_AFTER_S, deadline - loop.time()))
    return [why for it in tasks if not it.cancelled() and isinstance(why := it.exception(), Exception)]
