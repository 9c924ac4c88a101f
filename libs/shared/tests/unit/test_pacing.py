"""Long runs of small work leave the event loop to others in between."""

import asyncio

from shared.pacing import in_turns


async def test_others_have_their_turns_during_a_long_run() -> None:
    loop, turns = asyncio.get_running_loop(), 0

    def others() -> None:
        nonlocal turns, beside
        turns += 1
        beside = loop.call_soon(others)

    beside = loop.call_soon(others)
    done = [item async for item in in_turns(range(50))]
    beside.cancel()

    assert done == list(range(50))
    assert turns >= 9
