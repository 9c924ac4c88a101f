"""The checker on hand-made histories, good and bad, and on made-up registers that do keep the guarantee."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.chaos.checker import check, shortest, window_around, windows_of
from tests.chaos.history import NEVER_NS, Call, History, To, end, lines


def read(start: int, until: int, outcome: str = "granted", viewer: str = "anonymous", surface: str = "preview") -> Call:
    return Call("read", "img", surface, "download-1", viewer, start, until, outcome)  # type: ignore[arg-type]


def change(to: To, start: int, until: int, outcome: str = "enforced", **more: Any) -> Call:
    return Call("change", "img", "patch", "gallery-1", "owner", start, until, outcome, to=to, **more)  # type: ignore[arg-type]


def told(to: To, at: int, version: int) -> Call:
    return Call("told", "img", "status", "gallery-1", "owner", at - 1, at, "enforced", to=to, version=version)


def leaks(reads: list[Call], changes: list[Call], **more: Any) -> list[Call]:
    return [it.read for it in check(reads, changes, **more).leaks]


HIDE = change("hidden", 10, 20, version=2)


def test_a_success_after_the_answer_is_a_leak() -> None:
    assert leaks([read(21, 22)], [HIDE])


@pytest.mark.parametrize(
    ("start", "until"),
    [
        pytest.param(1, 5, id="before the change"),
        pytest.param(12, 15, id="beside the change"),
        pytest.param(19, 40, id="begun before the answer"),
        pytest.param(20, 40, id="begun at the answer's moment"),
    ],
)
def test_a_success_that_began_no_later_than_the_answer_is_none(start: int, until: int) -> None:
    assert not leaks([read(start, until)], [HIDE])


@pytest.mark.parametrize("outcome", ["refused", "unavailable"])
def test_who_is_told_nothing_has_seen_nothing(outcome: str) -> None:
    verdict = check([read(21, 22, outcome)], [HIDE])
    assert not verdict.leaks
    assert (verdict.probes, verdict.must_refuse) == (1, 1)


def test_the_next_make_public_ends_the_window_with_its_beginning() -> None:
    changes = [HIDE, change("shown", 30, 40, version=3)]
    assert leaks([read(21, 29)], changes)
    assert not leaks([read(21, 30)], changes)
    assert not leaks([read(31, 32)], changes)


@pytest.mark.parametrize("outcome", ["accepted", "unknown", "refused"])
def test_a_change_that_was_not_answered_as_enforced_promises_nothing(outcome: str) -> None:
    assert not leaks([read(21, 22)], [change("hidden", 10, 20, outcome, version=2)])


def test_what_a_status_tells_later_promises_the_same_from_then_on() -> None:
    changes = [change("hidden", 10, 20, "accepted", version=2), told("hidden", 30, 2)]
    assert not leaks([read(29, 31)], changes)
    assert leaks([read(31, 32)], changes)


def test_what_is_told_of_an_old_change_promises_nothing_of_a_newer_one() -> None:
    changes = [change("hidden", 10, 20, "accepted", version=2), change("shown", 21, 22, version=3)]
    assert not leaks([read(31, 32)], [*changes, told("hidden", 30, 2)])


def test_an_unanswered_make_public_may_take_effect_at_any_time() -> None:
    lost = change("shown", 1, NEVER_NS, "unknown")
    assert not leaks([read(21, 22)], [lost, change("hidden", 10, 20)])


def test_an_unanswered_make_public_ends_when_the_truth_passes_its_version() -> None:
    lost = change("shown", 1, NEVER_NS, "unknown", base=1)
    assert leaks([read(21, 22)], [lost, HIDE])  # version 2 took the only place that it could have had
    later = change("shown", 25, NEVER_NS, "unknown", base=2)
    assert not leaks([read(27, 28)], [lost, HIDE, later])


def test_a_refused_make_public_changes_nothing() -> None:
    assert leaks([read(31, 32)], [HIDE, change("shown", 22, 23, "refused")])


def test_of_two_at_once_the_versions_tell_which_came_last() -> None:
    assert leaks([read(41, 42)], [change("hidden", 10, 40, version=3), change("shown", 9, 41, version=2)])
    assert not leaks([read(41, 42)], [change("hidden", 10, 40, version=2), change("shown", 9, 39, version=3)])


def test_of_two_at_once_without_versions_either_may_be_the_last() -> None:
    assert not leaks([read(41, 42)], [change("hidden", 10, 40), change("shown", 9, 39)])
    assert leaks([read(41, 42)], [change("hidden", 10, 40), change("shown", 1, 9)])


def test_what_is_gone_stays_gone() -> None:
    assert leaks([read(10**9, 10**9 + 1)], [change("gone", 1, 2, version=7)])


def test_what_is_the_owners_only_is_never_a_strangers() -> None:
    verdict = check([read(1, 2, surface="history")], [], owner_only=frozenset({"history"}))
    assert [it.window for it in verdict.leaks] == [None]
    assert verdict.probes == 0


def test_the_share_counts_probes_that_must_be_refused() -> None:
    verdict = check([read(1, 2), read(3, 4), read(21, 22, "refused"), read(23, 24, "unavailable")], [HIDE])
    assert (verdict.share, verdict.refused, verdict.unavailable) == (0.5, 1, 1)


def test_a_refusal_of_the_owner_fails_unless_excused() -> None:
    refusal = read(50, 60, "unavailable", viewer="owner")
    fault = Call("fault", "", "freeze", "download-1", "", 10, 45)
    excuses = {"freeze": {"unavailable": ["preview"]}}
    assert check([refusal], []).owner_failures == [refusal]
    assert check([refusal], [], [fault], excuses).owner_failures == [refusal]  # the fault is over
    assert not check([refusal], [], [fault], excuses, grace_ns=5).owner_failures
    assert check([read(50, 60, "refused", viewer="owner")], [], [fault], excuses, grace_ns=5).owner_failures
    assert check([read(50, 60, "unavailable", "owner", "detail")], [], [fault], excuses, grace_ns=5).owner_failures


def test_an_owner_is_refused_what_they_deleted() -> None:
    assert not check(
        [read(50, 60, "refused", viewer="owner")], [change("gone", 55, NEVER_NS, "unknown")]
    ).owner_failures
    assert check([read(50, 54, "refused", viewer="owner")], [change("gone", 55, 70)]).owner_failures


def test_the_shortest_history_of_a_leak_tells_what_was_shown_hidden_and_seen() -> None:
    changes = [
        change("shown", 1, 2, version=1),
        change("hidden", 3, 4, version=2),
        change("shown", 5, 6, version=3),
        change("hidden", 10, 20, "accepted", version=4),
        told("hidden", 30, 4),
        change("shown", 90, 95, version=5),
    ]
    (leak,) = check([read(40, 41)], changes).leaks
    faults = [Call("fault", "", "freeze", "download-1", "", 35, 50), Call("fault", "", "stop", "x", "", 60, 70)]
    story = sorted(shortest(leak, changes, faults), key=lambda it: it.start_ns)
    assert [it.start_ns for it in story] == [5, 10, 29, 35, 40, 90]
    assert len(lines(story)) == 6


def test_a_change_is_in_the_history_before_its_answer() -> None:
    history = History()
    call = history.begin_change("img", "shown", "patch", "gallery-1", base=3)
    assert (call.outcome, call.end_ns) == ("unknown", NEVER_NS)
    end(call, "enforced", 200, 4)
    assert history.changes == [call]
    assert call.version == 4


@given(st.data())
def test_a_register_that_keeps_the_guarantee_is_never_accused_and_one_that_breaks_it_is(data: st.DataObject) -> None:
    """Changes at moments inside their calls; reads that see the state at a moment inside theirs."""
    moment, changes, effects = 0, [], [(0, "shown")]
    for version in range(2, data.draw(st.integers(3, 8))):
        start = moment + data.draw(st.integers(0, 5))
        at = start + data.draw(st.integers(1, 5))
        until = at + data.draw(st.integers(1, 5))
        to: To = data.draw(st.sampled_from(["shown", "hidden"]))
        outcome = data.draw(st.sampled_from(["enforced", "enforced", "accepted", "unknown"]))
        known = {"version": version} if outcome != "unknown" else {"base": version - 1}
        changes.append(change(to, start, until if outcome != "unknown" else NEVER_NS, outcome, **known))
        effects.append((at, to))
        moment = data.draw(st.integers(at, until))  # the next may begin while this one isn't answered yet

    def state_at(when: int) -> str:
        return next(to for at, to in reversed(effects) if at <= when)

    start = data.draw(st.integers(0, moment + 10))
    at = start + data.draw(st.integers(0, 5))
    sees = "granted" if state_at(at) == "shown" else "refused"
    probe = read(start, at + data.draw(st.integers(0, 5)), sees)
    assert not leaks([probe], changes)
    if window_around(probe, windows_of(changes).get("img", [])) is not None:
        probe.outcome = "granted"
        assert leaks([probe], changes) == [probe]
