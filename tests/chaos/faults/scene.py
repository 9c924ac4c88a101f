"""What a fault has to work with, and how faults are named."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.process import Process
from tests.chaos.stack import Stack
from tests.chaos.world import World

Needs = Literal["any", "embedded", "real", "cluster"]
"""`real`: a real Kafka; `cluster`: one whose brokers the campaign may end (`KAFKA_CONTROL`)."""


@dataclass(slots=True)
class Scene:
    """One fault at its time: the system, seeded chance, and a note of what it hit."""

    stack: Stack
    world: World
    chance: random.Random
    hit: list[str] = field(default_factory=list)

    async def hold(self, least_s: float, most_s: float) -> None:
        """Let the fault last for a while."""
        await asyncio.sleep(self.chance.uniform(least_s, most_s))

    def one_of(self, processes: Sequence[Process]) -> Process:
        """Choose a process that runs, and note it."""
        chosen = self.chance.choice([it for it in processes if it.is_running])
        self.hit.append(chosen.name)
        return chosen


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
