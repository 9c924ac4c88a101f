"""Background work that fails is done again; work to be done once ends when it is done."""

import asyncio

from shared.runtime import _persist


async def test_failing_work_is_done_again_whatever_failed() -> None:
    done = asyncio.Event()
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise KeyError("a defect")
        done.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(_persist(work))
    await asyncio.wait_for(done.wait(), 10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert tries == 2


async def test_work_to_be_done_once_ends() -> None:
    async def work() -> None:
        return

    await asyncio.wait_for(_persist(work, once=True), 10)
