"""What was asked and answered, by whom and when: calls on one monotonic clock, written as JSON lines."""

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["read", "change", "told", "fault"]
Outcome = Literal["granted", "refused", "unavailable", "enforced", "accepted", "unknown"]
To = Literal["shown", "hidden", "gone"]

NEVER_NS = 2**63 - 1
"""The end of a call that hasn't ended: whatever it asks for may still happen."""


@dataclass(slots=True, eq=False)
class Call:
    """One call.

    read: `granted`, `refused`, or `unavailable` (nobody was told anything).
    change: `to` is what was asked for; `enforced` (a 200), `accepted` (a 202: it is the truth, not yet everywhere),
        `refused` (it had no effect), or `unknown` (no answer: it may take effect at any later time). `base` is the
        version that it may only follow (If-Match); `version` the one that it made.
    told: a status, or a history, that says so of the change that made `version`.
    fault: `surface` is the fault's name, `place` what it hit.
    """

    kind: Kind
    subject: str
    surface: str
    place: str
    viewer: str
    start_ns: int
    end_ns: int = NEVER_NS
    outcome: Outcome = "unknown"
    status: int = 0
    to: To | None = None
    version: int | None = None
    base: int | None = None

    def line(self, zero_ns: int = 0) -> str:
        """Give the call as one line of JSON, its times in milliseconds since `zero_ns`."""
        told = {name: value for name, value in asdict(self).items() if value not in {None, ""}}
        told["start_ms"] = round((told.pop("start_ns") - zero_ns) / 1e6, 2)
        end_ns = told.pop("end_ns")
        told["end_ms"] = None if end_ns == NEVER_NS else round((end_ns - zero_ns) / 1e6, 2)
        return json.dumps(told)


class History:
    """The calls of a run. A change and a fault are here from their start on, a read from its end on."""

    def __init__(self) -> None:
        self.zero_ns = now_ns()
        self.reads: list[Call] = []
        self.changes: list[Call] = []
        self.faults: list[Call] = []

    def read(self, call: Call) -> None:
        """Add a read that has ended."""
        self.reads.append(call)

    def begin_change(
        self, subject: str, to: To, surface: str, place: str, base: int | None = None, start_ns: int | None = None
    ) -> Call:
        """Add a change that begins now; its answer is written into it by `end`."""
        call = Call("change", subject, surface, place, "owner", start_ns or now_ns(), to=to, base=base)
        self.changes.append(call)
        return call

    def told(self, subject: str, to: To, version: int | None, surface: str, place: str, start_ns: int) -> None:
        """Add that a change was said to be enforced everywhere."""
        call = Call("told", subject, surface, place, "owner", start_ns, now_ns(), "enforced", 200, to, version)
        self.changes.append(call)

    def begin_fault(self, name: str, target: str) -> Call:
        """Add a fault that begins now."""
        call = Call("fault", "", name, target, "", now_ns())
        self.faults.append(call)
        return call

    def write(self, path: Path) -> None:
        """Write all calls in the order of their starts."""
        path.write_text("\n".join(lines([*self.reads, *self.changes, *self.faults], self.zero_ns)) + "\n")


def end(call: Call, outcome: Outcome, status: int = 0, version: int | None = None) -> None:
    """Write a call's answer into it."""
    call.end_ns, call.outcome, call.status, call.version = now_ns(), outcome, status, version


def lines(calls: Iterable[Call], zero_ns: int = 0) -> list[str]:
    """Give calls as lines, in the order of their starts."""
    return [call.line(zero_ns) for call in sorted(calls, key=lambda it: it.start_ns)]


def now_ns() -> int:
    """The one clock of a run."""
    return time.monotonic_ns()
