"""How well two kinds of answers can be told apart by their times alone."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two kinds of answers: their medians in milliseconds, and how often a guess by the time is right."""

    median_a: float
    median_b: float
    accuracy: float

    @property
    def difference(self) -> float:
        """How far the medians lie apart, as a share of the smaller one."""
        return abs(self.median_a - self.median_b) / min(self.median_a, self.median_b)


def compare_times(a: Sequence[float], b: Sequence[float]) -> Comparison:
    """Compare; the classifier learns on a half of the times, drawn by lot, and is tested on the other."""
    a_learn, a_test = _halves(a)
    b_learn, b_test = _halves(b)
    threshold, slow_is_b = _best_threshold(a_learn, b_learn)
    right = sum((time > threshold) != slow_is_b for time in a_test) / len(a_test)
    right += sum((time > threshold) == slow_is_b for time in b_test) / len(b_test)
    return Comparison(median(a), median(b), right / 2)


def _halves(times: Sequence[float]) -> tuple[list[float], list[float]]:
    shuffled = random.sample(times, len(times))
    return sorted(shuffled[: len(times) // 2]), shuffled[len(times) // 2 :]


def _best_threshold(a: Sequence[float], b: Sequence[float]) -> tuple[float, bool]:
    """Give the time that parts the sorted `a` and `b` best, and whether what is slower counts as `b`."""

    def advantage(threshold: float) -> float:
        return bisect_right(a, threshold) / len(a) - bisect_right(b, threshold) / len(b)

    best = max((*a, *b), key=lambda it: abs(advantage(it)))
    return best, advantage(best) >= 0
