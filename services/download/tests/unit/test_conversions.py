import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress

import pytest

from download.conversions import Conversions, ConversionsBusy, ConversionTimedOut


class Gate:
    """A conversion that says when it runs and waits until it is let through."""

    def __init__(self) -> None:
        self.calls = 0
        self.at_once = self.most_at_once = 0
        self.running = threading.Semaphore(0)
        self.opened = threading.Event()
        self._lock = threading.Lock()

    def convert(self, master: bytes) -> bytes:
        with self._lock:
            self.calls += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.running.release()
        assert self.opened.wait(20)
        with self._lock:
            self.at_once -= 1
        return master.upper()

    async def runs(self) -> None:
        assert await asyncio.to_thread(self.running.acquire, timeout=20)


async def load() -> bytes:
    return b"master"


async def settle() -> None:
    """Let everything that can go on without a thread do so."""
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def make(gate: Gate) -> AsyncGenerator[Callable[..., Conversions], None]:
    made: list[Conversions] = []

    def make_one(workers: int = 1, queue: int = 10, **options: float) -> Conversions:
        made.append(Conversions(workers, queue, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make_one
    gate.opened.set()
    for conversions in made:
        await conversions.aclose()


Make = Callable[..., Conversions]


async def test_conversion_runs_on_a_worker_thread_each_time_anew(make: Make) -> None:
    conversions, threads = make(), []

    def convert(master: bytes) -> bytes:
        threads.append(threading.current_thread().name)
        return master[::-1]

    assert await conversions.run("a", load, convert) == b"retsam"
    assert await conversions.run("a", load, convert) == b"retsam"
    assert [name.split("_")[0] for name in threads] == ["conversions"] * 2


async def test_many_who_ask_for_one_key_share_one_conversion(make: Make, gate: Gate) -> None:
    conversions, loads, kept = make(workers=4), [], []

    async def counted() -> bytes:
        loads.append(1)
        return b"master"

    async def keep(body: bytes) -> None:
        kept.append(body)

    waiters = [asyncio.create_task(conversions.run("a", counted, gate.convert, keep)) for _ in range(50)]
    await gate.runs()
    gate.opened.set()
    assert await asyncio.gather(*waiters) == [b"MASTER"] * 50
    assert (gate.calls, len(loads), kept) == (1, 1, [b"MASTER"])


async def test_no_more_run_at_once_than_there_are_workers(make: Make, gate: Gate) -> None:
    conversions = make(workers=2)
    loads = 0

    async def counted() -> bytes:
        nonlocal loads
        loads += 1
        return b"master"

    waiters = [asyncio.create_task(conversions.run(str(key), counted, gate.convert)) for key in range(6)]
    await gate.runs()
    await gate.runs()
    await settle()
    assert loads == 2  # Those in the queue hold no master.
    gate.opened.set()
    await asyncio.gather(*waiters)
    assert (gate.calls, gate.most_at_once) == (6, 2)


async def test_full_queue_refuses_another_key_but_not_one_under_way(make: Make, gate: Gate) -> None:
    conversions = make(workers=1, queue=2, retry_after_s=7)
    waiters = [asyncio.create_task(conversions.run(key, load, gate.convert)) for key in "abc"]
    await gate.runs()
    with pytest.raises(ConversionsBusy) as caught:
        await conversions.run("d", load, gate.convert)
    assert caught.value.retry_after_s == 7
    joined = asyncio.create_task(conversions.run("c", load, gate.convert))
    await settle()
    gate.opened.set()
    await asyncio.gather(*waiters, joined)
    assert await conversions.run("d", load, gate.convert) == b"MASTER"


async def test_those_who_ask_in_the_same_instant_count(make: Make, gate: Gate) -> None:
    conversions = make(workers=1, queue=0)
    asked = [asyncio.create_task(conversions.run(key, load, gate.convert)) for key in "abc"]
    await gate.runs()
    gate.opened.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [bytes, ConversionsBusy, ConversionsBusy]


async def test_cancelled_waiter_leaves_the_conversion_to_the_others(make: Make, gate: Gate) -> None:
    conversions = make()
    first = asyncio.create_task(conversions.run("a", load, gate.convert))
    second = asyncio.create_task(conversions.run("a", load, gate.convert))
    await gate.runs()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    gate.opened.set()
    assert await second == b"MASTER"
    assert gate.calls == 1


async def test_conversion_in_the_queue_that_nobody_waits_for_is_dropped(make: Make, gate: Gate) -> None:
    conversions = make(workers=1, queue=1)
    running = asyncio.create_task(conversions.run("a", load, gate.convert))
    await gate.runs()
    left = asyncio.create_task(conversions.run("b", load, gate.convert))
    await settle()
    left.cancel()
    with suppress(asyncio.CancelledError):
        await left
    # Whoever asks for it right then gets one of its own, not the one being dropped.
    await settle()
    again = asyncio.create_task(conversions.run("b", load, gate.convert))
    await settle()
    gate.opened.set()
    assert [await running, await again] == [b"MASTER", b"MASTER"]
    assert gate.calls == 2


async def test_conversion_on_its_thread_goes_on_without_waiters_and_is_kept(make: Make, gate: Gate) -> None:
    conversions, kept = make(), asyncio.Event()

    async def keep(_: bytes) -> None:
        kept.set()

    left = asyncio.create_task(conversions.run("a", load, gate.convert, keep))
    await gate.runs()
    left.cancel()
    await settle()
    joined = asyncio.create_task(conversions.run("a", load, gate.convert, keep))
    await settle()
    gate.opened.set()
    assert await joined == b"MASTER"
    assert kept.is_set()
    assert gate.calls == 1


@pytest.mark.parametrize("where", ["load", "convert", "keep"])
async def test_failure_reaches_every_waiter_and_is_not_remembered(make: Make, where: str) -> None:
    conversions, fails = make(), True

    def fail(at: str) -> None:
        if fails and at == where:
            raise LookupError(at)

    async def failing_load() -> bytes:
        fail("load")
        return b"master"

    def convert(master: bytes) -> bytes:
        fail("convert")
        return master

    async def keep(_: bytes) -> None:
        fail("keep")

    waiters = [asyncio.create_task(conversions.run("a", failing_load, convert, keep)) for _ in range(3)]
    answers = await asyncio.gather(*waiters, return_exceptions=True)
    assert [str(answer) for answer in answers] == [where] * 3
    fails = False
    assert await conversions.run("a", failing_load, convert, keep) == b"master"


async def test_waiter_gives_up_in_time_while_the_worker_stays_taken(make: Make, gate: Gate) -> None:
    conversions = make(workers=1, queue=0, timeout_s=0.05)
    with pytest.raises(ConversionTimedOut):
        await conversions.run("a", load, gate.convert)
    # Its thread can't be stopped: no other one is begun beside it, neither for that key nor for another.
    with pytest.raises(ConversionTimedOut):
        await conversions.run("a", load, gate.convert)
    with pytest.raises(ConversionsBusy):
        await conversions.run("b", load, gate.convert)
    assert gate.calls == 1


async def never() -> bytes:
    await asyncio.Event().wait()
    raise AssertionError


async def test_load_that_hangs_gives_its_worker_back(make: Make, gate: Gate) -> None:
    conversions = make(workers=1, queue=0, timeout_s=0.05)
    gate.opened.set()
    with pytest.raises(TimeoutError):
        await conversions.run("a", never, gate.convert)
    await settle()
    assert await conversions.run("b", load, gate.convert) == b"MASTER"


async def test_closing_drops_the_queue_and_finishes_what_is_being_made(make: Make, gate: Gate) -> None:
    conversions = make(workers=1)
    running = asyncio.create_task(conversions.run("a", load, gate.convert))
    await gate.runs()
    queued = asyncio.create_task(conversions.run("b", load, gate.convert))
    await settle()
    closing = asyncio.create_task(conversions.aclose())
    with pytest.raises(ConversionsBusy):
        await queued
    with pytest.raises(ConversionsBusy):
        await conversions.run("c", load, gate.convert)
    assert not closing.done()
    gate.opened.set()
    await closing
    assert await running == b"MASTER"


async def test_closing_in_the_instant_of_asking_leaves_nobody_hanging(make: Make, gate: Gate) -> None:
    conversions = make()
    asked: Awaitable[bytes] = asyncio.ensure_future(conversions.run("a", load, gate.convert))
    await asyncio.sleep(0)
    await conversions.aclose()
    with pytest.raises(ConversionsBusy):
        await asked
    await conversions.aclose()
    assert gate.calls == 0
