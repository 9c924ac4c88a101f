"""`python -m tests.chaos.summing REPORT.json …`: one table, what was hit, and the sums, of several campaigns."""

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.chaos.tallies import Tallies, Tally, from_dicts

_SUMMED = (
    "seconds",
    "probes",
    "unavailable",
    "must_refuse",
    "leaks",
    "hidings_enforced",
    "owner_reads",
    "owner_refusals",
)


def table_of(reports: Sequence[dict[str, Any]]) -> list[str]:
    """Give the table fault × stack, in Markdown."""
    found: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for report in reports:
        tallies: Tallies = from_dicts(report["by_fault"])
        for name, tally in tallies.items():
            found[name, report["stack"]].add(tally)
    rows = ["| fault | stack | times | probes | must refuse | leaks | lag gone within |", "|" + " --- |" * 7]
    for (name, stack), it in sorted(found.items()):
        share = f"{it.must_refuse / it.probes:.0%}" if it.probes else "–"
        lag = f"{it.lag_s_most:.1f} s" + (f" ({it.unwell} not in 30 s)" if it.unwell else "")
        rows.append(f"| {name} | {stack} | {it.times} | {it.probes:,} | {share} | {it.leaks} | {lag} |")
    return rows


def sums_of(reports: Sequence[dict[str, Any]]) -> list[str]:
    """Give a line for each stack."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for report in reports:
        of_stack = found[report["stack"]]
        for name in _SUMMED:
            of_stack[name] += report[name]
        of_stack["campaigns"] += 1
        of_stack["faults"] += sum(report["faults"].values())
        of_stack["failures"] += len(report["failures"])
    return [f"{stack}: " + ", ".join(f"{n:,.0f} {name}" for name, n in it.items()) for stack, it in found.items()]


def hits_of(reports: Sequence[dict[str, Any]]) -> list[str]:
    """Give a line for each fault that hits one thing or another: how often which."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        for hit, times in report["hits"].items():
            fault, _, what = hit.partition(" ")
            found[fault][what] += times
    return [
        f"{fault}: " + ", ".join(f"{it} {n}" for it, n in sorted(of.items())) for fault, of in sorted(found.items())
    ]


def main() -> int:
    """Print them; the exit code is 1 when one of the campaigns didn't hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.summing", description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path)
    reports = [json.loads(path.read_text()) for path in parser.parse_args().reports]
    print("\n".join([*table_of(reports), "", *hits_of(reports), "", *sums_of(reports)]))
    bad = [f"seed {it['seed']}, {it['stack']}: {why}" for it in reports for why in it["failures"]]
    print("\n".join(bad), file=sys.stderr) if bad else None
    return 1 if bad or any(it["leaks"] or it["owner_refusals"] for it in reports) else 0


if __name__ == "__main__":
    sys.exit(main())
