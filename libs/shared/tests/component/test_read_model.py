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


async def test_unreadable_key_quarantines_its_whole_partition(rows: ReadModel[VisibilityChanged]) -> None:
    ids = [f"img_{number}" for number in range(20)]
    await rows.apply([visibility_changed("ann", it) for it in ids], [0] * len(ids))
    partition = VISIBILITY_CHANGES.partition_of(ids[0])
    await rows.quarantine(None, VISIBILITY_CHANGES.name, partition, 7)
    for image_id in ids:
        in_it = VISIBILITY_CHANGES.partition_of(image_id) == partition
        assert is_trusted(await rows.row(image_id)) != in_it
    unknown = await rows.row("img_unknown")
    assert (unknown is not None) == (VISIBILITY_CHANGES.partition_of("img_unknown") == partition)
