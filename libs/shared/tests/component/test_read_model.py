"""Rows follow a state topic whatever is doubled, reordered or unreadable."""

import itertools

import pytest

from shared.contracts import VisibilityChanged
from shared.mongo import Database
from shared.read_model import ReadModel, is_trusted
from shared.testing.events import visibility_changed
from shared.topics import VISIBILITY_CHANGES


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
