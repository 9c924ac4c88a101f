"""What is counted for each fault, and how reports are summed."""

from typing import Any

from tests.chaos.checker import windows_of
from tests.chaos.history import Call
from tests.chaos.summing import hits_of, sums_of, table_of
from tests.chaos.tallies import Recovery, as_dicts, tallies_of

_S = 1_000_000_000
HIDE = Call("change", "img", "patch", "gallery-1", "owner", 1 * _S, 2 * _S, "enforced", to="hidden", version=2)


def fault(start_s: int, until_s: int) -> Call:
    return Call("fault", "", "freeze", "download-1", "", start_s * _S, until_s * _S, "granted")


def read(at_s: int, outcome: str, viewer: str = "anonymous") -> Call:
    return Call("read", "img", "preview", "download-1", viewer, at_s * _S, at_s * _S + 1, outcome)  # type: ignore[arg-type]


def test_a_fault_counts_what_began_until_its_lag_was_gone() -> None:
    reads = [
        read(0, "granted"),
        read(4, "refused"),
        read(6, "granted"),
        read(9, "refused"),
        read(5, "granted", "owner"),
    ]
    found = tallies_of([Recovery(fault(0, 5), 2.0)], reads, windows_of([HIDE]))["freeze"]
    assert (found.times, found.probes, found.must_refuse, found.leaks, found.unwell) == (1, 3, 2, 1, 0)


def test_a_lag_that_stays_is_told() -> None:
    found = tallies_of([Recovery(fault(0, 5), None), Recovery(fault(6, 7), 1.5)], [], {})["freeze"]
    assert (found.times, found.lag_s_most, found.unwell) == (2, 1.5, 1)


def test_reports_of_one_stack_are_one_row_and_one_sum() -> None:
    tallies = as_dicts(tallies_of([Recovery(fault(0, 5), 2.0)], [read(4, "refused")], windows_of([HIDE])))
    report: dict[str, Any] = {
        **dict.fromkeys(("seconds", "unavailable", "leaks", "hidings_enforced", "owner_reads", "owner_refusals"), 0),
        "stack": "embedded",
        "probes": 700,
        "must_refuse": 400,
        "faults": {"freeze": 1},
        "failures": [],
        "by_fault": tallies,
    }
    assert table_of([report, report])[-1] == "| freeze | embedded | 2 | 2 | 100% | 0 | 2.0 s |"
    assert "1,400 probes" in sums_of([report, report])[0]
    assert sums_of([report, {**report, "stack": "kafka × 1"}])[1].startswith("kafka × 1: ")


def test_what_was_hit_is_counted_by_name() -> None:
    reports: list[dict[str, Any]] = [
        {"hits": {"kill gallery-2": 1, "kill download-1": 2}},
        {"hits": {"kill gallery-2": 1}},
    ]
    assert hits_of(reports) == ["kill: download-1 2, gallery-2 2"]
