"""Long runs of small work leave the event loop to others in between."""

import asyncio

from shared.pacing import in_turns


async def test_others_have_their_turns_during_a_long_run() -> None:
    loop, turns, ended = asyncio.get_running_loop(), 0, False

    def others() -> None:
        nonlocal turns
        turns += 1
        if not ended:
            loop.call_soon(others)

    loop.call_soon(others)
    done = [item async for item in in_turns(range(50))]
    ended = True

    assert done == list(range(50))
    assert turns >= 9
