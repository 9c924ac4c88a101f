"""The log's last record and the truth agree again, whatever happened."""

from typing import Any

from shared.contracts import PlanChanged
from shared.testing.apps import eventually
from shared.testing.events import FREE, plan_changed
from shared.topics import PLAN_CHANGES

Entitlement = Any


async def test_record_newer_than_the_truth_is_taken_in(entitlement: Entitlement) -> None:
    await entitlement.put("old", plan="plus")
    await entitlement.sender.send(plan_changed("old", FREE, version=9, state="ended"))

    async def is_adopted() -> bool:
        return bool((await entitlement.see("old"))["version"] >= 9)

    await eventually(is_adopted)
    seen = await entitlement.see("old")
    assert (seen["plan"], seen["state"]) == ("free", "ended")
    answer = await entitlement.put("old", plan="plus")
    assert answer.json()["version"] >= 10
    assert (await entitlement.published("old", 10))["state"] == "active"


async def test_record_of_somebody_the_store_forgot_is_taken_in_whole(entitlement: Entitlement) -> None:
    await entitlement.put("lost", plan="pro")
    await entitlement.cancel("lost", "period_end")
    before = await entitlement.see("lost")
    row = await entitlement.published("lost", 2)
    await entitlement.database["subscriptions"].delete_one({"_id": "lost"})
    await entitlement.sender.send(PlanChanged.model_validate(row))

    async def is_back() -> bool:
        return bool((await entitlement.see("lost"))["version"] >= 2)

    await eventually(is_back)
    after = await entitlement.see("lost")
    for name in ("plan", "state", "ends_at", "period_end", "scheduled", "capabilities"):
        assert after[name] == before[name], name


async def test_late_old_record_behind_the_newest_is_superseded(entitlement: Entitlement) -> None:
    await entitlement.put("late", plan="plus")
    await entitlement.cancel("late", "now")
    await entitlement.published("late", 2)
    late = await entitlement.sender.send(plan_changed("late", version=1))

    async def is_sent_again() -> Any:
        now = await entitlement.database["subscriptions"].find_one({"_id": "late"})
        sent = now["published"]  # None until the note that follows an answer
        return sent is not None and sent["offset"] > late.offset and now

    now = await eventually(is_sent_again)
    assert (now["version"], now["state"]) == (2, "ended")
    row = await entitlement.enforcer_rows.row("late")
    assert (row["version"], row["state"]) == (2, "ended")


async def test_garbage_under_a_persons_key_is_superseded_by_a_greater_version(entitlement: Entitlement) -> None:
    await entitlement.put("dirty", plan="plus")
    partition = PLAN_CHANGES.partition_of("dirty")
    await entitlement.sender.send_raw(PLAN_CHANGES.name, partition, b"dirty", b"{", {})

    async def is_lifted() -> Any:
        row = await entitlement.enforcer_rows.row("dirty")
        return row is not None and row["version"] > 1 and not row["quarantined"] and row

    row = await eventually(is_lifted)
    assert (row["plan"], row["capabilities"]["private_generation"]) == ("plus", True)
