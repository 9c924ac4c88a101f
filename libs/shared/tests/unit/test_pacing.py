"""Long runs of small work leave the event loop to others in between."""

import asyncio

from shared.pacing import in_turns


async def test_others_have_their_turns_during_a_long_run() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    done = [item async for item in in_turns(range(50))]
    beside.cancel()

    assert done == list(range(50))
    assert turns >= 9
