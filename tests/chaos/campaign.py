"""A campaign: writers, members and probers on a running system, one fault after the other, and then the verdict."""

import asyncio
import random
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError
from tests.chaos.checker import Verdict, check, windows_of
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.faults.scene import Scene
from tests.chaos.history import History, To, end
from tests.chaos.lag import caught_up
from tests.chaos.members import Members
from tests.chaos.probers import Probers
from tests.chaos.process import NotReadyError
from tests.chaos.settling import lost, unsettled
from tests.chaos.stack import Stack
from tests.chaos.surfaces import OWNER_ONLY
from tests.chaos.tallies import Recovery, Tallies, tallies_of
from tests.chaos.world import Image, World
from tests.chaos.writers import Writers

from shared.ending import cancelled

Say = Callable[[str], None]
_EXCUSES: dict[str, Any] = tomllib.loads((Path(__file__).parent / "excuses.toml").read_text())
_GRACE_NS = int(_EXCUSES["grace_s"] * 1e9)
LAG_GONE_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, for how long, from which seed."""

    seconds: float
    seed: int
    faults: Sequence[str]
    images: int = 16
    writers: int = 2
    rate: float = 1000.0
    quiet_s: tuple[float, float] = (0.3, 1.5)
    stop_at_leak: bool = False


@dataclass(slots=True)
class Report:
    """What came of it."""

    verdict: Verdict
    history: History
    stack: str = ""
    faults: list[str] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    recoveries: list[Recovery] = field(default_factory=list)
    by_fault: Tallies = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    times_ms: list[float] = field(default_factory=list)
    hidings: int = 0
    seconds: float = 0.0

    @property
    def is_fine(self) -> bool:
        """Tell whether everything held."""
        return not (self.verdict.leaks or self.verdict.owner_failures or self.failures)


class Campaign:
    """One campaign on one running system."""

    def __init__(self, stack: Stack, plan: Plan, say: Say) -> None:
        self._plan = plan
        self._say = say
        self._stack = stack
        self.history = History()
        self._world = World(stack)
        # Chance of its own for each part: what one does must not change what the others draw.
        chances = [random.Random(f"{plan.seed}/{part}") for part in ("probers", "writers", "members", "faults")]
        self._probers = Probers(self._world, self.history, chances[0], plan.rate)
        self._writers = Writers(self._world, self.history, chances[1], self._probers.volley)
        self._members = Members(self._world, self.history, chances[2])
        self._write_chance, self._member_chance, self._fault_chance = chances[1], chances[2], chances[3]
        self._report = Report(Verdict(), self.history, stack.title)
        self._is_over = False

    async def run(self) -> Report:
        """Run it and judge what was seen."""
        began = time.monotonic()
        await self._world.settle(self._plan.images)
        work = [
            *(self._forever(self._write) for _ in range(self._plan.writers)),
            self._forever(self._take_plans),
            self._probers.forever(),
            self._tell(began),
        ]
        tasks = [asyncio.create_task(it) for it in work]
        faults = asyncio.create_task(self._make_faults())
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._plan.seconds):
                    await asyncio.shield(faults)
            self._is_over = True
            await faults  # one that has begun is ended, also when the time is over
        finally:
            self._report.failures += [repr(it) for it in await cancelled((*tasks, faults))]
        if not self._plan.stop_at_leak:
            await self._settle()
        self._judge()
        self._report.seconds = time.monotonic() - began
        return self._report

    def leaks_so_far(self) -> int:
        """Judge what has been seen until now."""
        return len(check(self.history.reads, self.history.changes, owner_only=OWNER_ONLY).leaks)

    async def _make_faults(self) -> None:
        faults = [FAULTS[name] for name in self._plan.faults]
        deck: list[Fault] = []
        while not self._is_over:
            quiet_until = time.monotonic() + self._fault_chance.uniform(*self._plan.quiet_s)
            while not self._is_over and time.monotonic() < quiet_until:
                await asyncio.sleep(0.1)
                self._is_over |= self._plan.stop_at_leak and self.leaks_so_far() > 0
            if faults and not self._is_over:
                deck = deck or self._fault_chance.sample(faults, len(faults))
                await self._make(deck.pop())

    async def _make(self, fault: Fault) -> None:
        scene = Scene(self._stack, self._world, self._fault_chance, self._writers)
        call = self.history.begin_fault(fault.name, "")
        try:
            await fault.run(scene)
        except (NotReadyError, KafkaError, OSError, TimeoutError) as error:
            self._report.failures.append(f"{fault.name}: {error!r}")
        finally:
            call.place = ", ".join(scene.hit)
            end(call, "granted")
            self._report.faults.append(fault.name)
            self._report.hits.update(f"{fault.name} {it}" for it in scene.hit)
        lag_s = None
        try:
            lag_s = await caught_up(self._stack, LAG_GONE_WITHIN_S)
        except TimeoutError as error:
            self._report.failures.append(f"after {fault.name} ({call.place}): {error}")
        self._report.recoveries.append(Recovery(call, lag_s))

    async def _forever(self, work: Callable[[], Any]) -> None:
        while True:
            await work()

    async def _write(self) -> None:
        chance = self._write_chance
        image = self._take()
        if image is None:
            await asyncio.sleep(0.05)
            return
        try:
            await self._write_one(image, chance.random())
        except TimeoutError:
            self._report.failures.append(f"the truth of {image.id} wasn't told in time")
        finally:
            image.is_busy = False
        await asyncio.sleep(chance.uniform(0.0, 0.15))

    async def _write_one(self, image: Image, lot: float) -> None:
        if lot < 0.12:
            friends = [it for it in (self._take(image) for _ in range(3)) if it is not None]
            try:
                to: To = "hidden" if self._write_chance.random() < 0.7 else "shown"
                work = self._writers.collide if lot < 0.04 else self._writers.bulk
                await work([image, *friends], to)
            finally:
                for friend in friends:
                    friend.is_busy = False
        elif lot < 0.14 and len(self._world.images) > self._plan.images // 2:
            await self._writers.change(image, "gone")
        else:
            await self._writers.flip(image)
            if lot > 0.95:
                await self._writers.read_history(image)

    def _take(self, like: Image | None = None) -> Image | None:
        free = [
            it
            for it in self._world.images
            if not it.is_busy and not it.is_gone and (like is None or it.owner is like.owner)
        ]
        # Shown ones first: an image that stays hidden is one that must stay refused.
        shown = [it for it in free if it.is_shown]
        hidden = [it for it in free if not it.is_shown]
        few_are_shown = len(shown) <= len(free) // 4
        chosen = self._write_chance.choice((hidden if few_are_shown else shown) or free) if free else None
        if chosen is not None:
            chosen.is_busy = True
        return chosen

    async def _take_plans(self) -> None:
        await self._members.flip()
        for _ in range(self._member_chance.randrange(4, 12)):
            await asyncio.sleep(0.1)
            await self._members.probe_some()

    async def _tell(self, began: float) -> None:
        while True:
            await asyncio.sleep(1.0)
            going_on = [it.surface for it in self.history.faults if it.outcome == "unknown"]
            self._say(
                f"{time.monotonic() - began:5.0f} s  {len(self.history.reads)} probes  "
                f"{self._hidings()} hidden  {len(self._report.faults)} faults  {' '.join(going_on) or '-'}"
            )

    def _hidings(self) -> int:
        return sum(it.outcome == "enforced" and it.to != "shown" for it in self.history.changes)

    async def _settle(self) -> None:
        for process in self._stack.processes.values():
            process.thaw()
        try:
            await caught_up(self._stack, LAG_GONE_WITHIN_S)
            self._report.failures += await unsettled(self._world, self._writers, LAG_GONE_WITHIN_S)
        except TimeoutError as error:
            self._report.failures.append(f"at the end: {error}")
        self._report.failures += lost(self._world, self.history)

    def _judge(self) -> None:
        history = self.history
        self._report.verdict = check(
            history.reads, history.changes, history.faults, _EXCUSES["faults"], OWNER_ONLY, _GRACE_NS
        )
        outside = [it for it in history.reads if it.surface not in OWNER_ONLY]
        self._report.by_fault = tallies_of(self._report.recoveries, outside, windows_of(history.changes))
        self._report.answers = {
            **self._writers.counts,
            **{f"{who} {status or 'unanswered'}": n for (who, status), n in sorted(self._probers.statuses.items())},
        }
        self._report.times_ms = self._writers.times_ms
        self._report.hidings = self._hidings()
