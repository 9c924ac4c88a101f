"""`indistinguishable`: a stranger's time to a 404, for what is private, deleted or unknown."""

import itertools
import random
from functools import partial

from bench.measuring import Pace, timed_ms
from bench.refusals import KINDS, Surface, surfaces
from bench.results import Result, Table
from bench.system import running_system
from bench.telling_apart import Comparison, compare_times
from bench.wire import Answer, Connection

SAMPLES_A_ROUND = 200
"""Requests for each kind in each round; five rounds make 2,000 for a pair."""
WARM_UP = 30
MOST_DIFFERENCE = 0.10
MOST_ACCURACY = 0.55


async def measure(pace: Pace) -> Result:
    """Every kind on every surface, in random order over one keep-alive connection."""
    rows: list[tuple[str | float, ...]] = []
    async with running_system() as system:
        for surface in await surfaces(system, pace.say):
            async with system.connection() as connection:
                times = await _times(connection, surface, pace.rounds * SAMPLES_A_ROUND)
            for a, b in itertools.combinations(KINDS, 2):
                rows.append(_row(surface.name, f"{a} / {b}", compare_times(times[a], times[b])))
            pace.say(f"refusals of {surface.name}: {sum(map(len, times.values())):,} requests")
    title = (
        f"refusals told apart by time (marks: < {MOST_DIFFERENCE:.0%} between medians, ≤ {MOST_ACCURACY:.0%} guessed)"
    )
    columns = ("surface", "pair", "median ms", "median ms", "difference %", "guessed right %", "marks")
    return Result(tables=[Table(title, columns, rows)])


async def _times(connection: Connection, surface: Surface, samples: int) -> dict[str, list[float]]:
    """Give the times (milliseconds) of `samples` requests for each kind.

    Raises:
        RuntimeError: an answer isn't the same as all others, byte for byte but for its date.
    """
    requests = {
        kind: [connection.request("GET", surface.path.format(name), surface.viewer.headers) for name in names]
        for kind, names in surface.ids.items()
    }
    order = [kind for kind in KINDS for _ in range(samples)]
    random.shuffle(order)
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    answers: set[tuple[bytes, ...]] = set()

    async def ask(request: bytes) -> None:
        answers.add(_without_date(await connection.send(request)))

    for kind in [*KINDS] * WARM_UP:
        await ask(random.choice(requests[kind]))
    for kind in order:
        request = random.choice(requests[kind])
        times[kind].append(await timed_ms(partial(ask, request)))
    if len(answers) != 1:
        raise RuntimeError(f"{surface.name} answers in {len(answers)} ways: {answers}")
    return times


def _without_date(answer: Answer) -> tuple[bytes, ...]:
    lines = [line for line in answer.head.split(b"\r\n") if not line.lower().startswith(b"date:")]
    return (*lines, answer.body)


def _row(surface: str, pair: str, found: Comparison) -> tuple[str | float, ...]:
    kept = found.difference < MOST_DIFFERENCE and found.accuracy <= MOST_ACCURACY
    shares = (found.difference * 100, found.accuracy * 100)
    return (surface, pair, found.median_a, found.median_b, *shares, "kept" if kept else "missed")
