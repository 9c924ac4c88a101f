"""A bulk goes by slices, each enforced before the next is written; what a dead replica left is done once."""

import secrets
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from gallery.changes.bulk import BulkRunner
from gallery.changes.domain import BulkChange, Item
from gallery.changes.repository import ChangeRepository
from gallery.changes.schemas import ChangeCounts
from gallery.images.domain import Image, entry
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared import mongo
from shared.consistency import Enforcement, PlaceView
from shared.contracts import Cause
from shared.ids import ImageId, UserId, new_change_id
from shared.mongo import Document, StoreError
from shared.testing.events import visibility_changed
from shared.topics import VISIBILITY_CHANGES
from shared.visibility import Visibility

ANN, SLICES, SLICE_SIZE = UserId("ann"), 3, 2


@pytest.fixture
async def database(stores: Any) -> AsyncGenerator[mongo.Database, None]:
    client = mongo.connect(stores.mongo_url)
    yield mongo.database(client, f"gallery_{secrets.token_hex(4)}")
    await client.close()


class Enforcers:
    """Everybody who has to have a slice, played by the test; the store is lost at the slice `lost_at`."""

    def __init__(self, images: mongo.Collection, lost_at: int | None = None) -> None:
        self._images = images
        self._lost_at = lost_at
        self.slices: list[list[str]] = []
        self.behind: list[int] = []

    async def enforce(self, documents: Sequence[Document], began: float) -> list[PlaceView]:
        self.slices.append([it["_id"] for it in documents])
        self.behind.append(await self._images.count_documents({"visibility": "private", "enforcing": True}))
        if len(self.slices) == self._lost_at:
            raise StoreError("lost")
        ids = [it["_id"] for it in documents]
        await self._images.update_many({"_id": {"$in": ids}}, {"$set": {"enforcing": False, "unpublished": False}})
        return [PlaceView(name="download", state="applied", ms=1.0)]


async def accepted(database: mongo.Database) -> BulkChange:
    writer, changes = ImageWriter(database), ChangeRepository(database)
    ids = [ImageId(f"img_{number}") for number in range(SLICES * SLICE_SIZE)]
    for image_id in ids:
        await writer.adopt(visibility_changed("ann", image_id, "public"))
    change = BulkChange(
        id=new_change_id(),
        owner_id=ANN,
        cause=Cause.BULK,
        visibility=Visibility.PRIVATE,
        created_at=datetime.now(UTC),
        slices=SLICES,
        slice_size=SLICE_SIZE,
        counts=ChangeCounts(total=len(ids), pending=len(ids)),
    )
    await changes.insert(change, [Item(image_id=it, version=1, to=Visibility.PRIVATE) for it in ids])
    return change


def runner(database: mongo.Database, enforcers: Enforcers) -> BulkRunner:
    images, writer = ImageRepository(database), ImageWriter(database)
    return BulkRunner(ChangeRepository(database), images, writer, cast("Enforcement", enforcers))


async def test_each_slice_is_enforced_before_the_next_is_written(database: mongo.Database) -> None:
    change, enforcers = await accepted(database), Enforcers(database["images"])

    await runner(database, enforcers).start(change.id)

    done = await ChangeRepository(database).get(change.id, ANN)
    assert done is not None
    assert (done.state, done.counts.changed) == ("enforced", SLICES * SLICE_SIZE)
    assert enforcers.behind == [SLICE_SIZE] * SLICES


async def test_what_a_dead_replica_had_written_is_enforced_and_counted_once(database: mongo.Database) -> None:
    change, changes = await accepted(database), ChangeRepository(database)
    await runner(database, Enforcers(database["images"], lost_at=2)).start(change.id)
    left = await changes.get(change.id, ANN)
    assert left is not None
    assert (left.next_slice, left.counts.changed, left.state) == (1, SLICE_SIZE, "pending")
    await changes.release(change.id, datetime.now(UTC))

    enforcers = Enforcers(database["images"])
    await runner(database, enforcers).start(change.id)

    done = await changes.get(change.id, ANN)
    assert done is not None
    assert (done.state, done.counts.changed) == ("enforced", SLICES * SLICE_SIZE)
    assert sorted(it for ids in enforcers.slices for it in ids) == [f"img_{number}" for number in range(2, 6)]
    assert {it["version"] async for it in database["images"].find({}, {"version": 1})} == {2}, "each is changed once"


class Overtaken(ImageRepository):
    """Right after an image was read for the first time, somebody else changes it."""

    def __init__(self, database: mongo.Database, image_id: ImageId, to: Visibility) -> None:
        super().__init__(database)
        self._writer = ImageWriter(database)
        self._image_id = image_id
        self._left = [to]

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
    database: mongo.Database, number: int, meanwhile: Visibility, left_as: Visibility, result: str
) -> None:
    change, changes = await accepted(database), ChangeRepository(database)
    image_id = ImageId(f"img_{number}")
    images = Overtaken(database, image_id, meanwhile)
    enforcement = cast("Enforcement", Enforcers(database["images"]))

    await BulkRunner(changes, images, ImageWriter(database), enforcement).start(change.id)

    done = await images.of_owner([image_id], ANN)
    assert done[image_id].visibility is left_as
    (item,) = [it for it in await changes.items(change, number // SLICE_SIZE) if it.image_id == image_id]
    assert item.result == result


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
