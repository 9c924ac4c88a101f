"""A bulk goes by slices, each enforced before the next is written; what a dead replica left is done once."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from gallery.images.domain import Image, entry
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared import mongo
from shared.contracts import Cause
from shared.ids import ImageId, UserId, new_change_id
from shared.topics import VISIBILITY_CHANGES
from shared.visibility import Visibility

Bulks = Any
SLICES, SLICE_SIZE = 3, 2
COUNT = SLICES * SLICE_SIZE


async def test_each_slice_is_enforced_before_the_next_is_written(bulks: Bulks, enforcers: Any) -> None:
    change = await bulks.accept(await bulks.settled_images(COUNT), Visibility.PRIVATE, SLICE_SIZE)
    changed: list[int] = []

    async def count() -> None:
        changed.append(await bulks.writer.collection.count_documents({"visibility": "private"}))

    done = await bulks.run(change, enforcers(count))

    assert (done.state, done.counts.changed) == ("enforced", COUNT)
    assert changed == [SLICE_SIZE * number for number in range(1, SLICES + 1)]


async def test_what_a_dead_replica_had_written_is_enforced_and_counted_once(bulks: Bulks, enforcers: Any) -> None:
    change = await bulks.accept(await bulks.settled_images(COUNT), Visibility.PRIVATE, SLICE_SIZE)
    left = await bulks.run(change, enforcers(lost_at=2))
    assert (left.next_slice, left.counts.changed, left.state) == (1, SLICE_SIZE, "pending")

    quick = enforcers()
    done = await bulks.run(change, quick)

    assert (done.state, done.counts.changed) == ("enforced", COUNT)
    assert sorted(it for ids in quick.slices for it in ids) == [f"img_{number}" for number in range(2, 6)]
    found = bulks.writer.collection.find({}, {"version": 1})
    assert {it["version"] async for it in found} == {2}, "each is changed once"


class Overtaken(ImageRepository):
    """Right after an image was read, somebody else changes it; as often as there is something in `left`."""

    def __init__(
        self, database: mongo.Database, writer: ImageWriter, image_id: ImageId, left: list[Visibility]
    ) -> None:
        super().__init__(database)
        self._writer = writer
        self._image_id = image_id
        self._left = left

    async def of_owner(self, image_ids: Sequence[ImageId], owner: UserId) -> dict[ImageId, Image]:
        found = await super().of_owner(image_ids, owner)
        if self._image_id in found and self._left:
            image = found[self._image_id]
            change = entry(image, self._left.pop(), owner, Cause.OWNER, new_change_id(), datetime.now(UTC))
            assert await self._writer.change_one(image.model_dump(by_alias=True), change) is not None
        return found


@pytest.mark.parametrize(
    ("meanwhile", "left_as", "result"),
    [
        (Visibility.PUBLIC, Visibility.PRIVATE, "changed"),
        (Visibility.PRIVATE, Visibility.PRIVATE, "unchanged"),
        (Visibility.DELETED, Visibility.DELETED, "refused"),
    ],
)
@pytest.mark.parametrize("number", [0, 3])
async def test_image_that_changed_since_it_was_read_is_judged_anew(
    bulks: Bulks, enforcers: Any, number: int, meanwhile: Visibility, left_as: Visibility, result: str
) -> None:
    ids = await bulks.settled_images(COUNT)
    change, image_id = await bulks.accept(ids, Visibility.PRIVATE, SLICE_SIZE), ids[number]

    await bulks.run(change, enforcers(), Overtaken(bulks.database, bulks.writer, image_id, [meanwhile]))

    assert (await bulks.document(image_id))["visibility"] == left_as
    (item,) = [it for it in await bulks.changes.items(change, number // SLICE_SIZE) if it.image_id == image_id]
    assert item.result == result


async def test_batch_that_may_have_written_what_somebody_else_changed_again_says_nothing_of_it(
    bulks: Bulks, enforcers: Any
) -> None:
    ids = await bulks.settled_images(SLICE_SIZE)
    change = await bulks.accept(ids, Visibility.PRIVATE)
    images = Overtaken(bulks.database, bulks.writer, ids[0], [Visibility.PUBLIC] * 100)

    await bulks.run(change, enforcers(), images)

    assert await bulks.database["batches"].count_documents({"open": False}) == 0
    beside = await bulks.document(ids[1])
    assert (beside["visibility"], beside["batch"], beside["enforcing"]) == ("private", None, False)
    assert [it["_id"] for it in await bulks.writer.unenforced(datetime.now(UTC), 9)] == [ids[0]]


async def test_items_of_a_bulk_are_in_the_order_of_their_partitions(gallery: Any) -> None:
    wanted = await gallery.images("ordered", 30)
    headers = gallery.as_("ordered")

    answer = await gallery.client.post(
        "/v1/changes", json={"image_ids": wanted, "visibility": "deleted"}, headers=headers
    )

    shown = [it["image_id"] for it in answer.json()["items"]]
    assert sorted(shown) == sorted(wanted)
    partitions = [VISIBILITY_CHANGES.partition_of(it) for it in shown]
    assert partitions == sorted(partitions)
