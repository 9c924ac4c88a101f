"""Plans changed by people and operators: what is answered, what is published, what holds when."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.testing.apps import eventually

Entitlement = Any

APPLIED = [(name, "applied") for name in ("entitlement", "generation", "gallery", "download")]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_person_subscribes_is_told_every_place_and_may_everything_at_once(entitlement: Entitlement) -> None:
    before = await entitlement.see("ann")
    assert (before["plan"], before["capabilities"]["private_generation"]["allowed"]) == ("free", False)

    answer = await entitlement.put("ann", plan="plus")

    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    body = answer.json()
    assert body["change"]["state"] == "enforced"
    assert [(it["name"], it["state"]) for it in body["change"]["places"]] == APPLIED
    assert body["capabilities"]["private_generation"] == {"allowed": True, "why": "in_plan"}
    assert all(it["allowed"] for it in body["capabilities"]["formats"].values())
    row = await entitlement.published("ann", 1)
    assert (row["plan"], row["state"], row["version"]) == ("plus", "active", 1)
    assert row["capabilities"]["private_generation"] is True
    seen = await entitlement.see("ann")
    assert (seen["plan"], seen["change"]["id"]) == ("plus", body["change"]["id"])


async def test_person_upgrades_now_gets_a_new_period(entitlement: Entitlement) -> None:
    first = (await entitlement.put("upg", plan="basic")).json()
    second = (await entitlement.put("upg", plan="pro")).json()
    assert (second["plan"], second["state"], second["version"]) == ("pro", "active", 2)
    assert moment(second["period_end"]) >= moment(first["period_end"])
    assert second["capabilities"]["generations_at_once"]["limit"] == 32


async def test_person_downgrades_at_period_end_keeps_the_plan_and_the_event_says_what_follows(
    entitlement: Entitlement,
) -> None:
    paid = (await entitlement.put("down", plan="pro")).json()
    answer = await entitlement.put("down", plan="basic", when="period_end")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["plan"], body["state"]) == ("pro", "active")
    assert body["scheduled"] == {"plan": "basic", "at": body["period_end"]}
    assert body["period_end"] == paid["period_end"]
    row = await entitlement.published("down", 2)
    assert (row["plan"], row["capabilities"]["private_generation"]) == ("pro", True)
    assert (row["scheduled"]["plan"], row["scheduled"]["state"]) == ("basic", "active")
    assert row["scheduled"]["capabilities"]["private_generation"] is False
    assert row["scheduled"]["at"] == moment(body["period_end"])


async def test_person_cancels_at_period_end_stays_entitled_and_may_change_their_mind(entitlement: Entitlement) -> None:
    await entitlement.put("mind", plan="plus")
    cancelling = (await entitlement.cancel("mind", "period_end")).json()
    assert (cancelling["plan"], cancelling["state"]) == ("plus", "cancelling")
    assert cancelling["ends_at"] == cancelling["period_end"]
    assert cancelling["capabilities"]["private_generation"]["allowed"] is True
    row = await entitlement.published("mind", 2)
    assert (row["state"], row["scheduled"]["state"], row["scheduled"]["plan"]) == ("cancelling", "ended", "free")
    back = (await entitlement.put("mind", plan="plus")).json()
    assert (back["state"], back["ends_at"], back["scheduled"]) == ("active", None, None)


async def test_person_cancels_now_is_free_at_once_and_resubscribing_unlocks_all_again(entitlement: Entitlement) -> None:
    await entitlement.put("now", plan="plus")
    ended = await entitlement.cancel("now", "now")
    assert ended.status_code == 200
    body = ended.json()
    assert (body["plan"], body["state"], body["period_end"]) == ("free", "ended", None)
    assert body["capabilities"]["formats"]["png"] == {"allowed": False, "why": "format_not_in_plan"}
    assert body["capabilities"]["formats"]["jpg"]["allowed"] is True
    assert (await entitlement.published("now", 2))["capabilities"]["formats"] == ["jpg"]
    again = await entitlement.put("now", plan="plus")
    assert again.status_code == 200
    assert again.json()["capabilities"]["formats"]["png"]["allowed"] is True
    assert (await entitlement.published("now", 3))["state"] == "active"


async def test_person_chooses_free_is_cancelled(entitlement: Entitlement) -> None:
    await entitlement.put("free", plan="basic")
    body = (await entitlement.put("free", plan="free", when="period_end")).json()
    assert (body["plan"], body["state"]) == ("basic", "cancelling")


async def test_person_without_a_paid_period_ends_it_gets_409_and_nothing_changes(entitlement: Entitlement) -> None:
    for answer in (
        await entitlement.cancel("poor", "period_end"),
        await entitlement.put("poor", plan="basic", when="period_end"),
    ):
        assert answer.status_code == 409
        assert answer.json()["code"] == "nothing_paid"
    assert (await entitlement.see("poor"))["version"] == 0


async def test_past_due_person_is_entitled_for_the_grace_and_can_not_stretch_it(entitlement: Entitlement) -> None:
    body = (await entitlement.set("due", plan="plus", state="past_due")).json()
    assert (body["plan"], body["state"]) == ("plus", "past_due")
    assert body["capabilities"]["private_generation"]["allowed"] is True
    grace = moment(body["ends_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < grace <= timedelta(days=7)
    assert (await entitlement.cancel("due", "period_end")).status_code == 409
    assert (await entitlement.see("due"))["ends_at"] is not None
    paid = (await entitlement.put("due", plan="plus")).json()
    assert (paid["state"], paid["ends_at"]) == ("active", None)


async def test_team_takes_members_now_and_later_and_loses_them_with_the_plan(entitlement: Entitlement) -> None:
    await entitlement.put("team", plan="plus")
    later = await entitlement.put("team", plan="team", members=3, when="period_end")
    assert later.status_code == 200
    stored = await entitlement.database["subscriptions"].find_one({"_id": "team"})
    assert stored["scheduled"]["members"] == 3
    now = (await entitlement.put("team", plan="team", members=2)).json()
    assert (now["plan"], now["members"]) == ("team", 2)
    assert (await entitlement.put("team", plan="pro")).json()["members"] is None


async def test_person_sees_a_due_end_although_nobody_called_and_it_is_published_by_itself(
    entitlement: Entitlement,
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    set_ = await entitlement.set("end", plan="plus", state="cancelling", ends_at=soon.isoformat())
    assert set_.json()["state"] == "cancelling"
    row = await entitlement.published("end", 1)
    assert abs(row["scheduled"]["at"] - soon) < timedelta(milliseconds=1)
    assert datetime.now(UTC) < soon, "too slow a machine for this test"
    assert (await entitlement.see("end"))["plan"] == "plus"

    row = await entitlement.published("end", 2)
    assert (row["state"], row["plan"], row["version"], row["scheduled"]) == ("ended", "free", 2, None)
    assert datetime.now(UTC) >= soon
    seen = await entitlement.see("end")
    assert (seen["state"], seen["plan"], seen["ends_at"]) == ("ended", "free", None)


async def test_end_in_the_past_holds_in_the_answer_already(entitlement: Entitlement) -> None:
    past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    body = (await entitlement.set("past", plan="plus", state="past_due", ends_at=past)).json()
    assert (body["state"], body["plan"]) == ("ended", "free")
    assert body["capabilities"]["private_generation"]["allowed"] is False
    assert (await entitlement.published("past", 2))["version"] == 2


async def test_change_that_waits_for_one_service_is_202_and_enforced_by_itself_later(entitlement: Entitlement) -> None:
    entitlement.enforcers["gallery"].pause()
    try:
        answer = await entitlement.put("wait", plan="plus")
        assert answer.status_code == 202
        assert answer.headers["location"] == "/v1/entitlement"
        states = {it["name"]: it["state"] for it in answer.json()["change"]["places"]}
        assert states == dict(APPLIED) | {"gallery": "pending"}
        assert answer.json()["change"]["state"] == "pending"
        assert (await entitlement.see("wait"))["change"]["state"] == "pending"
    finally:
        entitlement.enforcers["gallery"].resume()

    async def is_enforced() -> Any:
        change = (await entitlement.see("wait"))["change"]
        return change["state"] == "enforced" and change

    change = await eventually(is_enforced, 20)
    assert change["id"] == answer.json()["change"]["id"]
    assert [(it["name"], it["state"]) for it in change["places"]] == APPLIED


async def test_change_whose_first_sending_failed_is_published_by_the_sweeper(entitlement: Entitlement) -> None:
    await entitlement.put("swept", plan="plus")
    # As a crash between the truth's write and its publication leaves it.
    left = {"plan": "free", "state": "ended", "version": 2, "unpublished": True, "enforcing": True}
    await entitlement.database["subscriptions"].update_one({"_id": "swept"}, {"$set": left})
    past = datetime.now(UTC) - timedelta(minutes=1)
    await entitlement.database["subscriptions"].update_one({"_id": "swept"}, {"$set": {"changed_at": past}})
    assert (await entitlement.published("swept", 2))["state"] == "ended"


@pytest.mark.parametrize("at_once", [2, 6])
async def test_changes_at_once_are_all_applied_one_after_another(entitlement: Entitlement, at_once: int) -> None:
    user = f"race{at_once}"
    await entitlement.put(user, plan="basic")
    plans = ["plus", "pro"] * (at_once // 2)
    answers = await asyncio.gather(*(entitlement.put(user, plan=plan) for plan in plans))
    assert {it.status_code for it in answers} <= {200, 202}
    versions = sorted(it.json()["version"] for it in answers)
    assert versions == list(range(2, at_once + 2)), "every change has a version of its own"
    last = next(it.json() for it in answers if it.json()["version"] == at_once + 1)
    row = await entitlement.published(user, at_once + 1)
    assert row["plan"] == last["plan"] == (await entitlement.see(user))["plan"]
