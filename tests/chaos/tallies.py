"""What was seen while each kind of fault was there: probes, leaks, and how soon the lag was gone."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter
from tests.chaos.checker import Windows, window_around
from tests.chaos.history import Call


@dataclass(slots=True)
class Tally:
    """Strangers' probes from the begin of a fault until its lag was gone; `unwell` counts those that took too long."""

    times: int = 0
    probes: int = 0
    must_refuse: int = 0
    leaks: int = 0
    lag_s_most: float = 0.0
    unwell: int = 0

    def add(self, other: "Tally") -> None:
        """Add another one of the same kind."""
        self.times += other.times
        self.probes += other.probes
        self.must_refuse += other.must_refuse
        self.leaks += other.leaks
        self.lag_s_most = max(self.lag_s_most, other.lag_s_most)
        self.unwell += other.unwell


@dataclass(frozen=True, slots=True)
class Recovery:
    """A fault that was made, and the seconds until its lag was gone (None: not in time)."""

    fault: Call
    lag_s: float | None


Tallies = dict[str, Tally]
_TALLIES = TypeAdapter(Tallies)


def tallies_of(recoveries: Iterable[Recovery], reads: Iterable[Call], windows: Windows) -> Tallies:
    """Count the reads that began between a fault's begin and the end of its lag."""
    by_start = sorted((it for it in reads if it.viewer != "owner"), key=lambda it: it.start_ns)
    found: Tallies = defaultdict(Tally)
    for it in recoveries:
        ends_ns = it.fault.end_ns + int((it.lag_s or 0.0) * 1e9)
        tally = Tally(1, lag_s_most=round(it.lag_s or 0.0, 2), unwell=int(it.lag_s is None))
        for read in _between(by_start, it.fault.start_ns, ends_ns):
            tally.probes += 1
            if window_around(read, windows.get(read.subject, [])) is not None:
                tally.must_refuse += 1
                tally.leaks += read.outcome == "granted"
        found[it.fault.surface].add(tally)
    return dict(found)


def as_dicts(tallies: Tallies) -> dict[str, dict[str, float]]:
    """Give them for a report."""
    return {name: asdict(it) for name, it in sorted(tallies.items())}


def from_dicts(told: Mapping[str, Mapping[str, float]]) -> Tallies:
    """Read them from a report."""
    return _TALLIES.validate_python(told)


def _between(by_start: Sequence[Call], first_ns: int, last_ns: int) -> Sequence[Call]:
    left = bisect.bisect_left(by_start, first_ns, key=lambda it: it.start_ns)
    return by_start[left : bisect.bisect_right(by_start, last_ns, key=lambda it: it.start_ns)]
