"""`held-up`: how soon a change is answered by the split system: undisturbed, with download frozen, without Kafka.

On the embedded stores, or on the Kafka cluster that `SCRATCH_KAFKA` names: its topics are made anew.
"""

import asyncio
import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.process import Process
from tests.chaos.stack import Shape, Stack, running
from tests.chaos.world import Image, World

from bench.measuring import Pace, percentile, timed_ms
from bench.results import Result, Table

IMAGES = 20
_SETTLE_S = 0.15
_ENFORCED_WITHIN_S = 60.0
_LEASES_RUN_AGAIN_S = 2.5


@dataclass(slots=True)
class _Seen:
    """Milliseconds of the answers to one kind of change, and what they were."""

    answered_ms: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    enforced_ms: list[float] = field(default_factory=list)
    """From the end of what held it up until its status said so; none for an answer that said so itself."""

    def row(self, what: str) -> tuple[str, str, float, float, float, float | str]:
        statuses = ", ".join(f"{self.statuses.count(it)} × {it}" for it in sorted(set(self.statuses)))
        times = (percentile(self.answered_ms, 50), percentile(self.answered_ms, 99), max(self.answered_ms))
        return what, statuses, *times, max(self.enforced_ms, default="–")


async def measure(pace: Pace) -> Result:
    """In each round: each image is changed undisturbed, one with all of download frozen, one with Kafka away."""
    shape = Shape(kafka=os.environ.get("SCRATCH_KAFKA"))
    free, frozen, without = _Seen(), _Seen(), _Seen()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with running(shape, Path(folder) / "data") as stack:
            world = World(stack)
            await world.settle(IMAGES)
            for number in range(pace.rounds):
                for image in world.images:
                    await asyncio.sleep(_SETTLE_S)
                    await _change(world, image, free)
                with _stopped(stack.replicas("download")):
                    await _change(world, world.images[0], frozen)
                await asyncio.sleep(_LEASES_RUN_AGAIN_S)
                await _without_kafka(stack, world, world.images[1], without)
                await asyncio.sleep(_LEASES_RUN_AGAIN_S)
                pace.say(f"held-up, round {number + 1} of {pace.rounds}")
            title = f"changes of visibility on {stack.title} (split, 2 × gallery, 2 × download), ms"
    columns = ("what", "answers", "p50", "p99", "slowest", "then enforced by itself within")
    rows = [
        free.row("undisturbed"),
        frozen.row("all of download frozen"),
        without.row("Kafka doesn't answer gallery"),
    ]
    return Result((), [Table(title, columns, rows)])


async def _change(world: World, image: Image, seen: _Seen) -> Any:
    to = "private" if image.is_shown else "public"
    answers = []

    async def ask() -> None:
        answers.append(await world.ask("gallery-1", image.owner, "PATCH", f"/v1/images/{image.id}", {"visibility": to}))

    seen.answered_ms.append(await timed_ms(ask))
    seen.statuses.append(answers[0].status)
    if answers[0].status not in {200, 202}:
        raise RuntimeError(f"a change was answered {answers[0].status}")
    image.is_shown = not image.is_shown
    return answers[0].json()


async def _without_kafka(stack: Stack, world: World, image: Image, seen: _Seen) -> None:
    await stack.wiring.cut("kafka", "gallery-1")
    try:
        answer = await _change(world, image, seen)
    finally:
        await stack.wiring.heal("kafka", "gallery-1")
    seen.enforced_ms.append(await timed_ms(partial(_until_enforced, world, image, answer["change"]["id"])))


async def _until_enforced(world: World, image: Image, change: str) -> None:
    async with asyncio.timeout(_ENFORCED_WITHIN_S):
        while True:
            answer = await world.ask("gallery-1", image.owner, "GET", f"/v1/changes/{change}")
            if answer.status == 200 and answer.json()["state"] == "enforced":
                return
            await asyncio.sleep(0.02)


@contextmanager
def _stopped(processes: Sequence[Process]) -> Generator[None, None, None]:
    for process in processes:
        process.freeze()
    try:
        yield
    finally:
        for process in processes:
            process.thaw()
