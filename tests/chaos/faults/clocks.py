"""The clock of one process is wrong, by hours (libfaketime, where the machine has it)."""

import os
from pathlib import Path

from tests.chaos.faults.scene import Scene, fault

_PLACES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/faketime/libfaketime.so.1",
)


def library() -> str | None:
    """Say where libfaketime is; `FAKETIME_LIBRARY` names another place."""
    return next((it for it in (os.environ.get("FAKETIME_LIBRARY", ""), *_PLACES) if it and Path(it).exists()), None)


@fault("clock-shift", needs="clock")
async def clock_shift(scene: Scene) -> None:
    """A replica is started anew with a wall clock that is wrong; durations are still right."""
    process = scene.one_of(scene.stack.services)
    shift = scene.chance.choice(["-2h", "-5m", "+5m", "+2h"])
    scene.hit.append(shift)
    await process.stop()
    before = dict(process.environment)
    process.environment |= {
        "LD_PRELOAD": library() or "",
        "FAKETIME": shift,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    try:
        await process.start(120)
        await scene.hold(2.0, 5.0)
    finally:
        process.environment.clear()
        process.environment |= before
        await process.stop()
        await process.start(120)
