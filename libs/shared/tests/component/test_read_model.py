"""Rows follow a state topic whatever is doubled, reordered or unreadable."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts import VisibilityChanged
from shared.ids import new_generation_id
from shared.mongo import Database
from shared.read_model import ReadModel, is_trusted
from shared.testing.events import visibility_changed
from shared.topics import VISIBILITY_CHANGES
from shared.visibility import Visibility

NEVER_CHANGES: dict[str, Any] = {"generation_id": new_generation_id(), "created_at": datetime(2026, 1, 1, tzinfo=UTC)}


@pytest.fixture
def rows(database: Database) -> ReadModel[VisibilityChanged]:
    return ReadModel(database["images"], VisibilityChanged)


@pytest.mark.parametrize("order", list(itertools.permutations([1, 2, 3])))
@pytest.mark.parametrize("together", [True, False])
async def test_any_order_and_doubling_ends_at_the_greatest_version(
    rows: ReadModel[VisibilityChanged], order: tuple[int, ...], together: bool
) -> None:
    states = {1: "public", 2: "private", 3: "deleted"}
    events = [visibility_changed("ann", "img_1", states[it], it) for it in (*order, *order)]
    batches = [events] if together else [[event] for event in events]
    for batch in batches:
        await rows.apply(batch, [0] * len(batch))
    row = await rows.row("img_1")
    assert row is not None
    assert (row["version"], row["visibility"]) == (3, "deleted")


async def test_quarantined_row_is_not_trusted_until_a_greater_version_is_read(
    rows: ReadModel[VisibilityChanged],
) -> None:
    first = visibility_changed("ann", "img_1", "public", 1)
    await rows.apply([first], [0])
    await rows.quarantine("img_1", VISIBILITY_CHANGES.name, 0, 1)
    assert not is_trusted(await rows.row("img_1"))
    await rows.apply([first], [2])
    assert not is_trusted(await rows.row("img_1")), "a replay must not lift it"
    await rows.apply([visibility_changed("ann", "img_1", "private", 2)], [3])
    assert is_trusted(await rows.row("img_1"))


async def test_unread_version_is_lifted_by_that_version_and_by_no_earlier_one(
    rows: ReadModel[VisibilityChanged],
) -> None:
    await rows.apply([visibility_changed("ann", "img_1", "public", 1)], [0])
    await rows.quarantine("img_1", VISIBILITY_CHANGES.name, 0, 1, version=3)
    await rows.apply([visibility_changed("ann", "img_1", "public", 2)], [2])
    assert not is_trusted(await rows.row("img_1")), "a late record from before the unread one"
    await rows.apply([visibility_changed("ann", "img_1", "private", 3)], [3])
    row = await rows.row("img_1")
    assert row is not None
    assert is_trusted(row)
    assert row["visibility"] == "private"


async def test_unread_version_that_the_row_is_beyond_is_nothing_new(rows: ReadModel[VisibilityChanged]) -> None:
    await rows.apply([visibility_changed("ann", "img_1", "private", 4)], [0])
    await rows.quarantine("img_1", VISIBILITY_CHANGES.name, 0, 1, version=3)
    assert is_trusted(await rows.row("img_1"))


async def test_unreadable_key_quarantines_its_whole_partition_until_each_is_sent_again(
    rows: ReadModel[VisibilityChanged],
) -> None:
    events = [visibility_changed("ann", f"img_{number}", version=2) for number in range(20)]
    await rows.apply(events, [0] * len(events))
    partition = VISIBILITY_CHANGES.partition_of(events[0].key)
    await rows.quarantine(None, VISIBILITY_CHANGES.name, partition, 7)
    for event in events:
        in_it = VISIBILITY_CHANGES.partition_of(event.key) == partition
        assert is_trusted(await rows.row(event.key)) != in_it
    await rows.apply([visibility_changed("ann", event.key, version=1) for event in events], [8] * len(events))
    assert not is_trusted(await rows.row(events[0].key)), "an earlier version doesn't lift it"
    await rows.apply(events, [9] * len(events))
    for event in events:
        assert is_trusted(await rows.row(event.key))


async def test_what_waits_for_a_newer_version_is_not_lifted_with_its_partition(
    rows: ReadModel[VisibilityChanged],
) -> None:
    event = visibility_changed("ann", "img_1", "public", 1)
    partition = VISIBILITY_CHANGES.partition_of("img_1")
    await rows.apply([event], [0])
    await rows.quarantine("img_1", VISIBILITY_CHANGES.name, partition, 1)
    await rows.quarantine(None, VISIBILITY_CHANGES.name, partition, 2)
    await rows.apply([event], [3])
    assert not is_trusted(await rows.row("img_1"))


def said_alike(visibility: str, version: int) -> list[VisibilityChanged]:
    """Events of ten images in which only what cannot change differs, as a bulk's do."""
    moment = datetime(2026, 1, 1, 12, version, tzinfo=UTC)
    return [
        visibility_changed(
            "ann", f"img_{number}", visibility, version, width=100 + number, changed_at=moment, **NEVER_CHANGES
        )
        for number in range(10)
    ]


async def test_rows_that_the_same_is_said_of_keep_what_is_their_own_and_never_go_back(
    rows: ReadModel[VisibilityChanged],
) -> None:
    public, private = said_alike("public", 2), said_alike("private", 3)
    for events in (public, private, public):
        await rows.apply(events, [0] * len(events))
    for event in private:
        assert VisibilityChanged.model_validate(await rows.row(event.key)) == event


@pytest.mark.parametrize("damage", ["missing", "quarantined", "never read", "of an older contract", "newer"])
async def test_row_that_is_not_whole_or_not_older_is_not_changed_with_the_others(
    rows: ReadModel[VisibilityChanged], database: Database, damage: str
) -> None:
    public, private = said_alike("public", 2), said_alike("private", 3)
    key, expected = private[4].key, private[4]
    await rows.apply(public, [0] * len(public))
    if damage in {"missing", "never read"}:
        await database["images"].delete_one({"_id": key})
    if damage in {"quarantined", "never read"}:
        await rows.quarantine(key, VISIBILITY_CHANGES.name, 0, 1)
    if damage == "of an older contract":
        await database["images"].update_one({"_id": key}, {"$unset": {"width": 1}, "$inc": {"shape": -1}})
    if damage == "newer":
        expected = private[4].model_copy(update={"version": 7, "visibility": Visibility.DELETED})
        await rows.apply([expected], [1])

    await rows.apply(private, [2] * len(private))

    row = await rows.row(key)
    assert is_trusted(row)
    assert VisibilityChanged.model_validate(row) == expected
    assert VisibilityChanged.model_validate(await rows.row(private[5].key)) == private[5]
