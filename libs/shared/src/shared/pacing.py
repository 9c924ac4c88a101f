"""Long runs of small work, done so that others have the event loop in between."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

T = TypeVar("T")

_AT_ONCE = 5
"""Items until others have their turn: a millisecond or two of decoding, validating or sending."""


async def in_turns(items: Iterable[T]) -> AsyncGenerator[T, None]:
    """Give the items one by one; after every few, others have their turn."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)
