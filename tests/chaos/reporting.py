"""What a campaign's report looks like."""

from collections import Counter
from typing import Any

from tests.chaos.campaign import Plan, Report
from tests.chaos.checker import shortest
from tests.chaos.history import lines
from tests.chaos.summing import table_of
from tests.chaos.tallies import as_dicts

_SHOWN = 5


def as_json(report: Report, plan: Plan) -> dict[str, Any]:
    """Give the figures and the failures."""
    verdict, times = report.verdict, sorted(report.times_ms)
    lags_s = [it.lag_s for it in report.recoveries if it.lag_s is not None]
    return {
        "seed": plan.seed,
        "stack": report.stack,
        "seconds": round(report.seconds, 1),
        "probes": verdict.probes,
        "unavailable": verdict.unavailable,
        "must_refuse": verdict.must_refuse,
        "share_in_must_refuse_windows": round(verdict.share, 3),
        "leaks": len(verdict.leaks),
        "hidings_enforced": report.hidings,
        "owner_reads": verdict.owner_reads,
        "owner_refusals_excused": verdict.excused,
        "owner_refusals": len(verdict.owner_failures),
        "faults": dict(Counter(report.faults)),
        "hits": dict(sorted(report.hits.items())),
        "by_fault": as_dicts(report.by_fault),
        "lag_gone_after_s": {"most": round(max(lags_s, default=0.0), 2), "times": len(lags_s)},
        "change_ms": {
            "p50": _at(times, 0.5),
            "p99": _at(times, 0.99),
            "most": _at(times, 1.0),
            "answers_200": len(times),
        },
        "answers": report.answers,
        "failures": report.failures,
        "leak_stories": [
            lines(shortest(it, report.history.changes, report.history.faults), report.history.zero_ns)
            for it in verdict.leaks[:_SHOWN]
        ],
        "owner_stories": lines(verdict.owner_failures[:_SHOWN], report.history.zero_ns),
    }


def as_text(report: Report, plan: Plan) -> str:
    """Give the same for a person."""
    told = as_json(report, plan)
    stories, by_fault = told.pop("leak_stories"), told.pop("by_fault")
    text = [f"{name.replace('_', ' ')}: {value}" for name, value in told.items() if value not in ([], {})]
    text += ["", *table_of([{**told, "by_fault": by_fault}])] if by_fault else []
    for number, story in enumerate(stories, start=1):
        text += ["", f"leak {number}, the shortest history that shows it:", *story]
    text += ["", "everything held" if report.is_fine else "NOT everything held"]
    return "\n".join(text)


def _at(times: list[float], share: float) -> float:
    return round(times[min(len(times) - 1, int(share * len(times)))], 1) if times else 0.0
