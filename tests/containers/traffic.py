"""People who use the system through the gateway while something happens to it, and what they saw, judged for leaks."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.checker import Verdict, check
from tests.chaos.history import History
from tests.chaos.probers import Probers
from tests.chaos.process import Process
from tests.chaos.stack import Shape, Stack
from tests.chaos.surfaces import OWNER_ONLY, SURFACES
from tests.chaos.wire import Answer, Wire
from tests.chaos.world import Image, Person, World
from tests.chaos.writers import Writers
from tests.containers.lag import Lag
from tests.containers.regulars import Regulars
from tests.containers.system import System

from embedded.issuer import DevelopmentIssuer
from provisioning.issuer import private_key
from shared.ending import cancelled

_RATE = 120.0
_PATIENCE_S = 15.0
"""How long people wait for an answer: what comes late on a machine that is full isn't a failure."""
_DONE_WITHIN_S = 120.0
"""A lone broker that is restarted under load may be away for most of a minute; changes and generations wait for it."""
_ENOUGH_HIDINGS = 10
_ENOUGH_WITHIN_S = 120.0
_SLOWEST_READS = 10.0
"""How many people read in a second, at the least."""
_SERVICES = ("entitlement", "generation", "gallery", "download")
_RETRIED = {surface.name for surface in SURFACES if surface.method in {"GET", "HEAD"}}
"""Surfaces that are read: the gateway asks another replica for these."""


async def _is_ready() -> bool:
    return True


class _Gateway(Process):
    @property
    def is_running(self) -> bool:
        return True


class GatewayStack(Stack):
    """The system in containers as the campaign's people know one: each service has one address, the gateway's."""

    def __init__(self, system: System, folder: Path) -> None:
        super().__init__(Shape(replicas=dict.fromkeys(_SERVICES, 1)), folder)
        self.wire = Wire(_PATIENCE_S)
        self._address = system.stack().base_url
        self._issuer = DevelopmentIssuer(private_key(system.secret("issuer/issuer_seed")))

    def url(self, name: str) -> str:
        """Give the gateway's address."""
        return self._address

    def replicas(self, service: str) -> list[Process]:
        """Give the one way to a service."""
        return [_Gateway(f"{service}-1", [], {}, self.folder, _is_ready)]


class GatewayWorld(World):
    """People and images; images are made as people make them."""

    async def ask(self, name: str, person: Person, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Ask on a connection of its own: one that is kept says nothing about who is there now."""
        more["headers"] = {**more.pop("headers", {}), "Connection": "close"}
        return await super().ask(name, person, method, path, body, **more)

    async def begin(self) -> None:
        """Give people their plans, and the owners four images each."""
        for person in (*self.owners, self.viewers["stranger"]):
            await self.subscribed(person)
        for owner in self.owners:
            made = await self.generated(owner, await self.submitted(owner, 4))
            self.images += [Image(image_id, owner) for image_id in made]

    async def submitted(self, owner: Person, count: int) -> Answer:
        """Ask for public images."""
        body = {"prompt": "a quiet lake", "visibility": "public", "count": count}
        return await self.ask("generation-1", owner, "POST", "/v1/generations", body)

    async def generated(self, owner: Person, submitted: Answer) -> list[str]:
        """Wait for the images that were asked for.

        Raises:
            TimeoutError: they aren't there in time.
        """
        async with asyncio.timeout(_DONE_WITHIN_S):
            path, seen = f"/v1/generations/{submitted.json()['generation_id']}", submitted.json()
            while seen["status"] not in {"succeeded", "failed", "cancelled"}:
                await asyncio.sleep(0.2)
                answer = await self.ask("generation-1", owner, "GET", path)
                seen = answer.json() if answer.status == 200 else seen
            for image_id in seen["image_ids"]:
                while (await self.ask("download-1", owner, "GET", f"/v1/previews/{image_id}")).status != 200:
                    await asyncio.sleep(0.1)
        if seen["status"] != "succeeded":
            raise AssertionError(f"a generation {seen['status']}")
        return list(seen["image_ids"])


@dataclass
class Seen:
    """What people saw during an event."""

    verdict: Verdict = field(default_factory=Verdict)
    reads: int = 0
    failed_reads: list[str] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    generations: int = 0
    longest_lag_s: float = 0.0
    lag_gone_after_s: float = 0.0
    hidings: int = 0

    @property
    def failed_changes(self) -> dict[str, int]:
        """Changes that were answered neither 200 nor 202."""
        return {name: n for name, n in self.changes.items() if name.rpartition(" ")[2] not in {"200", "202"}}


@asynccontextmanager
async def traffic(system: System, folder: Path, seed: int, reads: int = 0) -> AsyncGenerator[Seen, None]:
    """Let people use the system until the context ends and they have read `reads` times.

    Then the lag must go, and what they saw is judged.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    stack, seen = GatewayStack(system, folder), Seen()
    world, history = GatewayWorld(stack), History()
    probers = Probers(world, history, random.Random(f"{seed}/probers"), _RATE)
    writers = Writers(world, history, random.Random(f"{seed}/writers"), probers.volley, _DONE_WITHIN_S)
    regulars, lag = Regulars(world), Lag(system.stack().kafka_access)
    try:
        await world.begin()
        people = [
            probers.forever(),
            _flip(world, writers, 0),
            _flip(world, writers, 1),
            _generate(world, regulars, seen),
            regulars.read_forever(),
            regulars.change_forever(),
        ]
        tasks = [asyncio.create_task(it) for it in (*people, lag.watch())]
        try:
            await _until(lambda: bool(history.reads and regulars.changes and _hidings(history)), _ENOUGH_WITHIN_S)
            yield seen
            # While a broker is away, changes are few and pending: go on until there is enough to judge.
            await _until(lambda: _hidings(history) >= _ENOUGH_HIDINGS, _ENOUGH_WITHIN_S)
            await _until(lambda: len(history.reads) + regulars.reads >= reads, reads / _SLOWEST_READS)
        finally:
            failures = await cancelled(tasks)
        if failures:
            raise failures[0]
        seen.lag_gone_after_s = await lag.gone(30.0)
    finally:
        await stack.wire.aclose()
    seen.longest_lag_s = lag.longest_s
    _judge(seen, history, writers, regulars)


async def _until(is_so: Callable[[], bool], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(0.1)


async def _flip(world: World, writers: Writers, owner: int) -> None:
    images = [it for it in world.images if it.owner is world.owners[owner]]
    while True:
        for image in images:
            await writers.flip(image)
            await asyncio.sleep(0.25)


async def _generate(world: GatewayWorld, regulars: Regulars, seen: Seen) -> None:
    owner = world.owners[0]
    while True:
        submitted = await world.submitted(owner, 1)
        regulars.count("generation", submitted)
        if submitted.status == 202:
            await world.generated(owner, submitted)
            seen.generations += 1
        await asyncio.sleep(2.0)


def _judge(seen: Seen, history: History, writers: Writers, regulars: Regulars) -> None:
    reads = [it for it in history.reads if it.surface in _RETRIED]
    failed = [it.line(history.zero_ns) for it in reads if it.outcome == "unavailable"]
    seen.reads = len(reads) + regulars.reads
    seen.failed_reads = failed + regulars.failed_reads
    seen.verdict = check(history.reads, history.changes, owner_only=OWNER_ONLY)
    seen.changes = {**writers.counts, **regulars.changes}
    seen.hidings = _hidings(history)


def _hidings(history: History) -> int:
    return sum(it.outcome == "enforced" and it.to == "hidden" for it in history.changes)
