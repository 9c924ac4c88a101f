import asyncio
from contextlib import suppress

import pytest
from tests.chaos.ending import cancelled


async def _swallows_once() -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()
    await asyncio.Event().wait()


async def _fails() -> None:
    raise ValueError("broken")


@pytest.mark.timeout(10)
async def test_tasks_end_though_one_swallows_a_cancellation() -> None:
    tasks = [asyncio.create_task(it) for it in (_swallows_once(), _fails())]
    await asyncio.sleep(0)
    assert [repr(it) for it in await cancelled(tasks)] == ["ValueError('broken')"]
    assert all(task.done() for task in tasks)
