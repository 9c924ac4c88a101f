"""`python -m tests.chaos.mutants`: takes each guard out in turn, and counts how soon the checker sees it."""

import argparse
import asyncio
import importlib
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, pstdev

from tests.chaos.campaign import Campaign, Plan, Report
from tests.chaos.stack import Shape, running

MUTANTS = (
    "barrier",
    "lease",
    "fallback",
    "version-guard",
    "quarantine",
    "default",
    "position",
    "audit",
    "coalescing",
    "linearizable",
)
_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Caught:
    """How one mutant fared: tries are probes that had to be refused, up to the first leak; None: it wasn't caught."""

    name: str
    probes: list[int | None]
    seconds: list[float]

    @property
    def is_caught(self) -> bool:
        """Tell whether every seed showed it."""
        return None not in self.probes

    @property
    def mean(self) -> float:
        """The mean of the tries."""
        return mean(it for it in self.probes if it is not None) if any(self.probes) else 0.0


async def hunt(name: str, seeds: Sequence[int], within_s: float = _WITHIN_S) -> Caught:
    """Run a mutant until it leaks, once for each seed, on one stack."""
    faults = importlib.import_module(f"tests.chaos.mutants.{name.replace('-', '_')}").FAULTS
    probes: list[int | None] = []
    seconds = []
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        async with running(Shape(builds=(name,)), Path(folder) / "data") as stack:
            for seed in seeds:
                plan = Plan(within_s, seed, faults, images=8, quiet_s=(0.5, 1.5), stop_at_leak=True)
                report = await Campaign(stack, plan, lambda _: None).run()
                probes.append(_tries(report.verdict.leaks[0].read.start_ns, report) if report.verdict.leaks else None)
                seconds.append(round(report.seconds, 1))
                print(f"{name} seed {seed}: {probes[-1]} tries, {seconds[-1]} s", file=sys.stderr, flush=True)
    return Caught(name, probes, seconds)


def _tries(first_ns: int, report: Report) -> int:
    before = sum(it.start_ns <= first_ns for it in report.history.reads if it.viewer != "owner")
    return max(1, round(before * report.verdict.share))


def main() -> int:
    """Hunt them all, or those that are named; the exit code is 1 when one escaped."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.mutants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default=",".join(MUTANTS))
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    caught = [asyncio.run(hunt(name, range(1, wanted.seeds + 1))) for name in wanted.only.split(",")]
    if wanted.json:
        print(json.dumps([asdict(it) for it in caught]))
    else:
        print(f"{'guard taken out':<16}{'tries until it leaked: mean':>28}{'sigma':>8}   each")
        for it in caught:
            known = [tries for tries in it.probes if tries is not None]
            print(f"{it.name:<16}{it.mean:>28.1f}{pstdev(known) if known else 0:>8.1f}   {it.probes}")
        print(f"a guarded run must do {7 * max(it.mean for it in caught):.0f} probes without a leak, and 100000")
    return 0 if all(it.is_caught for it in caught) else 1


if __name__ == "__main__":
    # An end from outside, a time limit say, must end what was started too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
