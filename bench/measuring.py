"""How two things are compared on a machine that others use too: alternately, in rounds, by medians."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bench.results import Ratio

Action = Callable[[], Awaitable[object]]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is measured, and who hears of the progress."""

    rounds: int
    say: Say


async def timed_ms(action: Action) -> float:
    """Do it once and give how long it took, in milliseconds."""
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


async def compare(what: str, ours: Action, peer: Action, *, pace: Pace, samples: int, warm_up: int = 3) -> Ratio:
    """Measure both `samples` times in each round, always one after the other, the first of them by lot.

    A load that comes or goes meets both alike; a round's ratio is that of its two medians.
    """
    for _ in range(warm_up):
        await ours()
        await peer()
    rounds = [await _round(ours, peer, samples) for _ in range(pace.rounds)]
    ratio = ratio_of(what, rounds)
    pace.say(f"{what}: {ratio.median:.2f}")
    return ratio


async def _round(ours: Action, peer: Action, samples: int) -> tuple[list[float], list[float]]:
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(samples):
        pair = [(mine, ours), (theirs, peer)]
        random.shuffle(pair)
        for times, action in pair:
            times.append(await timed_ms(action))
    return mine, theirs


def ratio_of(what: str, rounds: Sequence[tuple[Sequence[float], Sequence[float]]]) -> Ratio:
    """Give the ratio of ours to the peer's from each round's times (milliseconds)."""
    medians = [(median(ours), median(peer)) for ours, peer in rounds]
    ratios = [ours / peer for ours, peer in medians]
    return Ratio(
        what,
        ours_ms=median(ours for ours, _ in medians),
        peer_ms=median(peer for _, peer in medians),
        lowest=min(ratios),
        median=median(ratios),
        highest=max(ratios),
        rounds=len(ratios),
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the value that `percent` of `values` don't exceed, between the two nearest."""
    ordered = sorted(values)
    at = (len(ordered) - 1) * percent / 100
    below = int(at)
    low, high = [*pairwise(ordered), (ordered[-1], ordered[-1])][below]
    return low + (high - low) * (at - below)
