"""What a fault has to work with, and how faults are named."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.process import Process
from tests.chaos.stack import Stack
from tests.chaos.world import Image, World
from tests.chaos.writers import Writers

Needs = Literal["any", "real", "cluster", "clock"]
"""`real`: a real Kafka; `cluster`: one whose brokers the campaign may end (`KAFKA_CONTROL`); `clock`: libfaketime."""


@dataclass(slots=True)
class Scene:
    """One fault at its time: the system, seeded chance, and a note of what it hit."""

    stack: Stack
    world: World
    chance: random.Random
    writers: Writers
    hit: list[str] = field(default_factory=list)

    async def hold(self, least_s: float, most_s: float) -> None:
        """Let the fault last for a while."""
        await asyncio.sleep(self.chance.uniform(least_s, most_s))

    def one_of(self, processes: Sequence[Process]) -> Process:
        """Choose a process that runs, and note it."""
        chosen = self.chance.choice([it for it in processes if it.is_running])
        self.hit.append(chosen.name)
        return chosen

    @asynccontextmanager
    async def kept_hidden(self, count: int = 3) -> AsyncGenerator[list[Image], None]:
        """Hide some images, and keep everybody from changing them until a moment after the context ends."""
        free = [it for it in self.world.images if not it.is_busy and not it.is_gone]
        kept = self.chance.sample(free, min(count, len(free)))
        for image in kept:
            image.is_busy = True
        try:
            for image in kept:
                await self.writers.show(image)
            yield kept
            for image in kept:
                await self.writers.seen_hidden(image)
            await self.hold(0.5, 1.0)
        finally:
            for image in kept:
                image.is_busy = False


Run = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name; `run` begins it, holds it and ends it, whatever happens."""

    name: str
    run: Run
    needs: Needs = "any"


FAULTS: dict[str, Fault] = {}


def fault(name: str, needs: Needs = "any") -> Callable[[Run], Run]:
    """Register a fault."""

    def register(run: Run) -> Run:
        FAULTS[name] = Fault(name, run, needs)
        return run

    return register
