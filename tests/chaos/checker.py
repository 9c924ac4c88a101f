"""Does a history keep the guarantee? Pure: calls in, verdict out.

Each subject (an image for strangers, a plan for its formats) is a *regular* register: a read that runs beside a
change may see either side of it; any other must see what holds. What is checked is the side that matters:

- A change to `hidden` or `gone` that was answered as enforced, by its own answer or by something that told so later,
  opens a window at the end of that call. It ends where the next change to `shown` begins that may come after it.
- A stranger's read that lies inside such a window must not be granted.

`may_follow` is where an answer that never came matters: an unknown change may take effect at any time, unless the
version that it insisted on (`base`) has been passed.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.history import NEVER_NS, Call

Excuses = Mapping[str, Mapping[str, Sequence[str]]]
"""fault → outcome (`refused`, `unavailable`) → surfaces, `*` for all."""


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a subject must be refused, and the change that says so."""

    begins_ns: int
    ends_ns: int
    because: Call


@dataclass(frozen=True, slots=True)
class Leak:
    """A stranger's success inside a window; `window` is None for what is never a stranger's."""

    read: Call
    window: Window | None


@dataclass(slots=True)
class Verdict:
    """What a history shows."""

    probes: int = 0
    must_refuse: int = 0
    refused: int = 0
    unavailable: int = 0
    owner_reads: int = 0
    excused: int = 0
    leaks: list[Leak] = field(default_factory=list)
    owner_failures: list[Call] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The share of strangers' probes that lay in windows in which they must be refused."""
        return self.must_refuse / self.probes if self.probes else 0.0


Windows = dict[str, list[Window]]


def windows_of(changes: Iterable[Call]) -> Windows:
    """Give the windows of each subject, in the order of their beginnings."""
    of_subject: dict[str, list[Call]] = defaultdict(list)
    for call in changes:
        of_subject[call.subject].append(call)
    return {subject: _windows(calls) for subject, calls in of_subject.items()}


def may_follow(shown: Call, hidden: Call) -> bool:
    """Tell whether the change `shown` may have taken effect after the change, or the version, of `hidden`."""
    if shown.outcome == "refused":
        return False
    if hidden.version is not None:
        if shown.version is not None:
            return shown.version > hidden.version
        if shown.base is not None:
            return shown.base >= hidden.version
    is_over = shown.outcome in {"enforced", "accepted"} and shown.end_ns < hidden.start_ns
    # What was told has no start of its own: the change was made some time before.
    return not is_over or hidden.kind == "told"


def check(
    reads: Iterable[Call],
    changes: Sequence[Call],
    faults: Sequence[Call] = (),
    excuses: Excuses | None = None,
    owner_only: frozenset[str] = frozenset(),
    grace_ns: int = 0,
) -> Verdict:
    """Judge `reads`. `owner_only`: surfaces that never grant a stranger anything. `grace_ns`: how long after its
    end a fault still excuses."""
    verdict, windows = Verdict(), windows_of(changes)
    gone = _gone_from(changes)
    for read in reads:
        if read.viewer == "owner":
            _judge_owner(verdict, read, gone, [it for it in faults if _overlaps(it, read, grace_ns)], excuses or {})
        else:
            _judge_stranger(verdict, read, windows.get(read.subject, []), owner_only)
    return verdict


def window_around(read: Call, windows: Sequence[Window]) -> Window | None:
    """Give the window that `read` lies in."""
    at = bisect.bisect_left(windows, read.start_ns, key=lambda it: it.begins_ns)
    # An older window is over, or ends with a newer one: a few are enough.
    return next((it for it in reversed(windows[max(0, at - 8) : at]) if read.end_ns < it.ends_ns), None)


def shortest(leak: Leak, changes: Sequence[Call], faults: Sequence[Call]) -> list[Call]:
    """Give the calls that show a leak: what was shown before, the change that hid it, the read, and the faults."""
    told: list[Call] = [leak.read]
    if leak.window is not None:
        hidden = leak.window.because
        of_subject = [it for it in changes if it.subject == leak.read.subject]
        before = [it for it in of_subject if it.to == "shown" and not may_follow(it, hidden)]
        later = [it for it in of_subject if it.to == "shown" and may_follow(it, hidden)]
        told += [hidden, *before[-1:], *later[:1]]
        if hidden.kind == "told":
            told += [it for it in of_subject if it.kind == "change" and it.version == hidden.version][:1]
    return told + [it for it in faults if _overlaps(it, leak.read, 0)]


def _windows(calls: Sequence[Call]) -> list[Window]:
    shows = [it for it in calls if it.kind == "change" and it.to == "shown" and it.outcome != "refused"]
    windows = []
    for hidden in calls:
        if hidden.outcome == "enforced" and hidden.to in {"hidden", "gone"}:
            ends_ns = min((it.start_ns for it in shows if may_follow(it, hidden)), default=NEVER_NS)
            if hidden.end_ns < ends_ns:
                windows.append(Window(hidden.end_ns, ends_ns, hidden))
    return sorted(windows, key=lambda it: it.begins_ns)


def _gone_from(changes: Sequence[Call]) -> dict[str, int]:
    gone: dict[str, int] = {}
    for call in changes:
        if call.to == "gone" and call.outcome != "refused":
            gone[call.subject] = min(call.start_ns, gone.get(call.subject, NEVER_NS))
    return gone


def _judge_stranger(verdict: Verdict, read: Call, windows: Sequence[Window], owner_only: frozenset[str]) -> None:
    if read.surface in owner_only:
        if read.outcome == "granted":
            verdict.leaks.append(Leak(read, None))
        return
    verdict.probes += 1
    verdict.unavailable += read.outcome == "unavailable"
    window = window_around(read, windows)
    if window is not None:
        verdict.must_refuse += 1
        verdict.refused += read.outcome == "refused"
        if read.outcome == "granted":
            verdict.leaks.append(Leak(read, window))


def _judge_owner(
    verdict: Verdict, read: Call, gone: Mapping[str, int], faults: Sequence[Call], excuses: Excuses
) -> None:
    verdict.owner_reads += 1
    if read.outcome == "granted" or gone.get(read.subject, NEVER_NS) <= read.end_ns:
        return
    for fault in faults:
        surfaces = excuses.get(fault.surface, {}).get(read.outcome, ())
        if "*" in surfaces or read.surface in surfaces:
            verdict.excused += 1
            return
    verdict.owner_failures.append(read)


def _overlaps(fault: Call, read: Call, grace_ns: int) -> bool:
    return fault.start_ns <= read.end_ns and read.start_ns <= fault.end_ns + grace_ns
