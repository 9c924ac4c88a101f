"""The state machine on what is built, and on builds with a guard taken out: those must be found out."""

import asyncio
import importlib
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from tests.chaos.model.machine import Machine
from tests.chaos.model.system import AT, System

import shared.consistency.lease
from embedded.stores import StoreAddresses
from shared.bus.positions import Position, Positions
from shared.guards import GUARDS, Guards
from shared.ids import new_image_id
from shared.mongo import Client, connect
from shared.topics import VISIBILITY_CHANGES

_EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "25"))
_IS_QUICK = "MODEL_EXAMPLES" not in os.environ
_SEARCHED_FOR_LONG = pytest.mark.skipif(_IS_QUICK, reason="it takes half a minute to find out: `make chaos` does")
_TRIES_TO_FIND_OUT = 300


@dataclass(slots=True)
class Now:
    """The one clock of the system that is being tried."""

    system: System | None = None

    def __call__(self) -> float:
        return 0.0 if self.system is None else self.system.now


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Now:
    clock = Now()
    monkeypatch.setattr(shared.consistency.lease, "clock", clock)
    return clock


def ids(count: int) -> list[str]:
    """Give ids of images that share the one partition."""
    found: list[str] = []
    while len(found) < count:
        name = new_image_id()
        if VISIBILITY_CHANGES.partition_of(name) == AT.partition:
            found.append(name)
    return found


@contextmanager
def machines(url: str, guards: Guards, now: Now) -> Generator[type[RuleBasedStateMachine], None, None]:
    """Give what makes machines, one after the other, on two databases."""
    loop, images = asyncio.new_event_loop(), ids(2)

    async def connected() -> Client:
        return connect(url)

    client = loop.run_until_complete(connected())

    async def begin() -> System:
        system = System(client["model_gallery"], client["model_download"], guards)
        now.system = system
        await system.start(images)
        return system

    class Bound(Machine):
        def __init__(self) -> None:
            super().__init__(loop, begin)

    try:
        yield Bound
    finally:
        loop.run_until_complete(client.close())
        loop.close()


def tried(examples: int, *, phases: Iterable[Phase] = tuple(Phase)) -> settings:
    """Give hypothesis' settings: the same tries every time."""
    return settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=tuple(phases),
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


@pytest.mark.timeout(1800)
def test_a_stranger_sees_only_what_its_owner_asked_to_be_public_last(stores: StoreAddresses, now: Now) -> None:
    with machines(stores.mongo_url, GUARDS, now) as machine:
        run_state_machine_as_test(machine, settings=tried(_EXAMPLES))


class FromCommits(Positions):
    """What the group has committed counts, not the position beside the rows."""

    async def of(self, topic: str, partition: int) -> Position | None:
        return (await self.of_all([(topic, partition)])).get((topic, partition))

    async def of_all(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Position]:
        committed = vars(self)["log"].commits[self._group]
        known = {(at.topic, at.partition): Position(offset) for at, offset in committed.items()}
        return {it: known[it] for it in partitions if it in known}

    async def advance(self, topic: str, partition: int, expected: Position, to: Position) -> None:
        return


def without(guard: str) -> Guards:
    """Give the build with a guard taken out: the same as the campaigns' mutant of that name."""
    if guard == "position":
        return replace(GUARDS, positions=FromCommits)
    parts = importlib.import_module(f"tests.chaos.mutants.{guard}").PARTS
    wanted = {**parts.get("download", {}), **parts.get("gallery", {})}
    wanted.pop("publisher", None)  # garbled records: the model writes its own
    return replace(GUARDS, **wanted)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "guard",
    [
        "barrier",
        "lease",
        "fallback",
        "version_guard",
        "quarantine",
        "default",
        pytest.param("position", marks=_SEARCHED_FOR_LONG),
        "audit",
    ],
)
def test_the_model_finds_out_that_a_guard_is_missing(guard: str, stores: StoreAddresses, now: Now) -> None:
    with (
        machines(stores.mongo_url, without(guard), now) as machine,
        pytest.raises(AssertionError, match="shown by"),
    ):
        run_state_machine_as_test(machine, settings=tried(_TRIES_TO_FIND_OUT, phases=[Phase.generate]))
