"""Tasks are ended for certain, whatever swallows a cancellation."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from shared.ending import cancelled
from shared.testing.apps import eventually


async def _swallows_once(begun: asyncio.Event) -> None:
    with suppress(asyncio.CancelledError):
        begun.set()
        await asyncio.Event().wait()
    await asyncio.Event().wait()


async def _fails() -> None:
    raise ValueError("broken")


@pytest.mark.timeout(10)
async def test_tasks_end_though_one_swallows_a_cancellation() -> None:
    begun = asyncio.Event()
    tasks = [asyncio.create_task(it) for it in (_fails(), _swallows_once(begun))]
    await begun.wait()
    assert [repr(it) for it in await cancelled(tasks)] == ["ValueError('broken')"]
    assert all(task.done() for task in tasks)


@pytest.mark.timeout(10)
async def test_task_that_swallows_every_cancellation_is_told_of() -> None:
    begun, is_over = asyncio.Event(), asyncio.Event()

    async def swallows_all() -> None:
        while not is_over.is_set():
            with suppress(asyncio.CancelledError):
                begun.set()
                await is_over.wait()

    task = asyncio.create_task(swallows_all())
    await begun.wait()
    with pytest.raises(TimeoutError):
        await cancelled([task], within_s=0.05)
    is_over.set()
    await task


@pytest.mark.timeout(10)
async def test_client_may_swallow_the_cancellation_of_a_time_out() -> None:
    with pytest.raises(TimeoutError):
        await eventually(_swallowing_condition(), within_s=0.05)


def _swallowing_condition() -> Callable[[], Awaitable[bool]]:
    is_swallowed = False

    async def never() -> bool:
        nonlocal is_swallowed
        if not is_swallowed:
            is_swallowed = True
            with suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
        return False

    return never
