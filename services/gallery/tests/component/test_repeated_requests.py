"""Bulk changes in the store: a repeat never wipes what was worked on, an undo that died half-way can be done again."""

import secrets
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gallery.changes.domain import BulkChange, Item
from gallery.changes.erasure import Erasure
from gallery.changes.repository import ChangeRepository
from gallery.changes.schemas import ChangeCounts
from gallery.images.batches import Batches
from gallery.images.domain import Image, entry
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared import mongo
from shared.bus.log_ends import LogEnds
from shared.consistency import Barrier
from shared.contracts import Cause
from shared.ids import ChangeId, ImageId, UserId, new_change_id
from shared.testing.events import visibility_changed
from shared.visibility import Visibility

ANN, CHANGE = UserId("ann"), new_change_id()


@pytest.fixture
async def database(stores: Any) -> AsyncGenerator[mongo.Database, None]:
    client = mongo.connect(stores.mongo_url)
    yield mongo.database(client, f"gallery_{secrets.token_hex(4)}")
    await client.close()


def bulk(change_id: ChangeId) -> BulkChange:
    return BulkChange(
        id=change_id,
        owner_id=ANN,
        cause=Cause.BULK,
        visibility=Visibility.PRIVATE,
        created_at=datetime.now(UTC),
        slices=1,
        counts=ChangeCounts(total=1, pending=1),
    )


async def test_repeat_of_a_request_keeps_the_results_that_are_there(database: mongo.Database) -> None:
    changes, change = ChangeRepository(database), bulk(new_change_id())
    frozen = Item(image_id=ImageId("img_1"), version=1, to=Visibility.PRIVATE)
    await changes.insert(change, [frozen])
    done = frozen.model_copy(update={"result": "changed", "from_": Visibility.PUBLIC, "new_version": 2})
    await changes.save_slice(change, 0, [done])

    await changes.insert(change, [frozen])

    assert await changes.items(change, 0) == [done]


async def test_undo_that_was_never_accepted_gives_its_place_to_the_next(database: mongo.Database) -> None:
    changes, change = ChangeRepository(database), bulk(new_change_id())
    await changes.insert(change, [])
    died, again, late = new_change_id(), new_change_id(), new_change_id()
    assert await changes.mark_undone(change.id, died)
    assert await changes.mark_undone(change.id, again), "the first one left no change"
    await changes.insert(bulk(again), [])
    assert not await changes.mark_undone(change.id, late), "it is undone"


async def test_change_of_what_somebody_was_quicker_to_change_writes_nothing(database: mongo.Database) -> None:
    writer, images, at = ImageWriter(database, Batches(database)), ImageRepository(database), datetime.now(UTC)
    await writer.adopt(visibility_changed("ann", "img_1", "private"))
    read = await images.owned(ImageId("img_1"), ANN)
    assert read is not None
    public, deleted = (
        entry(Image.model_validate(read), to, ANN, Cause.OWNER, new_change_id(), at)
        for to in (Visibility.PUBLIC, Visibility.DELETED)
    )
    assert await writer.change_one(read, deleted) is not None

    assert await writer.change_one(read, public) is None

    (stored,) = await writer.collection.find({"_id": "img_1"}).to_list(2)
    assert (stored["visibility"], stored["version"]) == ("deleted", 2)
    assert [it["to"] for it in stored["history"]] == ["private", "deleted"]


async def test_what_was_written_beside_a_quicker_change_is_not_said_to_be_written(database: mongo.Database) -> None:
    writer, images = ImageWriter(database, Batches(database)), ImageRepository(database)
    for number in range(3):
        await writer.adopt(visibility_changed("ann", f"img_{number}", "public"))
    read = list((await images.of_owner([ImageId(f"img_{number}") for number in range(3)], ANN)).values())
    private = [(it, entry(it, Visibility.PRIVATE, ANN, Cause.BULK, CHANGE, datetime.now(UTC))) for it in read]
    quicker = entry(read[0], Visibility.DELETED, ANN, Cause.OWNER, new_change_id(), datetime.now(UTC))
    assert await writer.change_one({**read[0].model_dump(by_alias=True), "history": []}, quicker)

    assert await writer.change_many(private) == [], "which of them were is to be read"

    later = list((await images.of_owner([it.id for it in read], ANN)).values())
    assert [it.visibility for it in later] == [Visibility.DELETED, Visibility.PRIVATE, Visibility.PRIVATE]
    public = [(it, entry(it, Visibility.PUBLIC, ANN, Cause.BULK, CHANGE, datetime.now(UTC))) for it in later[1:]]
    written = await writer.change_many(public)
    assert [_state(Image.model_validate(it)) for it in written] == [
        _state(it) for it in (await images.of_owner([it.id for it in later[1:]], ANN)).values()
    ]


async def test_change_that_is_everywhere_does_not_say_so_of_a_later_one(database: mongo.Database) -> None:
    writer, images = ImageWriter(database, Batches(database)), ImageRepository(database)
    await writer.adopt(visibility_changed("ann", "img_1", "public"))
    written: list[mongo.Document] = []
    for to in (Visibility.PRIVATE, Visibility.PUBLIC):
        (image,) = (await images.of_owner([ImageId("img_1")], ANN)).values()
        written += await writer.change_many([(image, entry(image, to, ANN, Cause.BULK, CHANGE, datetime.now(UTC)))])

    await writer.mark([(written[0], None)], [], enforced=True)
    assert await _enforced_versions(database) == [1, 2]
    assert [it["_id"] for it in await writer.unenforced(datetime.now(UTC), 10)] == ["img_1"]

    await writer.mark([(written[1], None)], [], enforced=True)
    assert await _enforced_versions(database) == [1, 2, 3]
    assert await writer.unenforced(datetime.now(UTC), 10) == []


async def _enforced_versions(database: mongo.Database) -> list[int]:
    document = await database["images"].find_one({"_id": "img_1"}) or {"history": []}
    return [it["version"] for it in document["history"] if it.get("enforced_at")]


def _state(image: Image) -> tuple[Any, ...]:
    return image.id, image.version, image.visibility, image.change_id, image.cause, image.enforcing, image.unpublished


async def test_deletion_taken_from_the_log_holds_no_other_up(database: mongo.Database) -> None:
    writer = ImageWriter(database, Batches(database))
    await writer.adopt(visibility_changed("ann", "img_1", "deleted", version=3))
    unsent = await writer.unerased(10)
    assert [it["published"] for it in unsent] == [None]
    erasers = Barrier("127.0.0.1:9", [], LogEnds("127.0.0.1:9"))
    for document in unsent:
        await writer.collection.update_one({"_id": document["_id"]}, {"$set": {"unpublished": False}})

    await Erasure(writer, erasers).follow()

    assert [it["_id"] for it in await writer.unerased(10)] == ["img_1"], "not in the log yet: not erased either"


async def test_what_a_request_is_still_at_is_not_followed(database: mongo.Database) -> None:
    writer, now = ImageWriter(database, Batches(database)), datetime.now(UTC)
    await writer.adopt(visibility_changed("ann", "img_1", "private", version=3, changed_at=now))

    assert await writer.unenforced(now - timedelta(seconds=3), 10) == []
    assert [it["_id"] for it in await writer.unenforced(now, 10)] == ["img_1"]
