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
from gallery.images.writer import ImageWriter
from shared import mongo
from shared.bus.log_ends import LogEnds
from shared.consistency import Barrier
from shared.contracts import Cause
from shared.ids import ChangeId, ImageId, UserId, new_change_id
from shared.testing.events import visibility_changed
from shared.visibility import Visibility

ANN = UserId("ann")


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


async def test_deletion_taken_from_the_log_holds_no_other_up(database: mongo.Database) -> None:
    writer = ImageWriter(database)
    await writer.adopt(visibility_changed("ann", "img_1", "deleted", version=3))
    unsent = await writer.unerased(10)
    assert [it["published"] for it in unsent] == [None]
    erasers = Barrier("127.0.0.1:9", [], LogEnds("127.0.0.1:9"))
    for document in unsent:
        await writer.collection.update_one({"_id": document["_id"]}, {"$set": {"unpublished": False}})

    await Erasure(writer, erasers).follow()

    assert [it["_id"] for it in await writer.unerased(10)] == ["img_1"], "not in the log yet: not erased either"


async def test_what_a_request_is_still_at_is_not_followed(database: mongo.Database) -> None:
    writer, now = ImageWriter(database), datetime.now(UTC)
    await writer.adopt(visibility_changed("ann", "img_1", "private", version=3, changed_at=now))

    assert await writer.unenforced(now - timedelta(seconds=3), 10) == []
    assert [it["_id"] for it in await writer.unenforced(now, 10)] == ["img_1"]
