"""A store restored from an older copy takes the newest state from the log, wherever in a batch it lies."""

import secrets
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gallery.images.domain import to_event
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared import mongo
from shared.bus.broker import EventSender
from shared.contracts import VisibilityChanged
from shared.publication import Audit, Publisher
from shared.testing.events import finished_image, generation_finished, sending, visibility_changed
from shared.topics import create_topics


@pytest.fixture
async def sender(fresh_kafka: str) -> AsyncGenerator[EventSender, None]:
    await create_topics(fresh_kafka)
    async with sending(fresh_kafka) as sender:
        yield sender


@pytest.fixture
async def database(stores: Any) -> AsyncGenerator[mongo.Database, None]:
    client = mongo.connect(stores.mongo_url)
    yield mongo.database(client, f"gallery_{secrets.token_hex(4)}")
    await client.close()


@pytest.mark.parametrize("newest", ["private", "deleted"])
async def test_newest_state_is_adopted_though_an_older_one_lies_behind_it(
    sender: EventSender, database: mongo.Database, newest: str
) -> None:
    writer, images = ImageWriter(database), ImageRepository(database)
    image = finished_image()
    made = await writer.insert_generated(generation_finished("ann", image, visibility="public"), image)
    assert made is not None
    publisher = Publisher(images.collection, to_event, sender)
    audit = Audit(images.collection, VisibilityChanged, writer, publisher)
    lost = visibility_changed("ann", image.image_id, newest, version=2)
    sent_again = to_event(made)

    await audit.apply([lost, sent_again], [10, 11])

    truth = await images.collection.find_one({"_id": image.image_id})
    assert truth is not None
    assert (truth["version"], truth["visibility"]) == (2, newest)
    assert truth["unpublished"], "the older record is the last of its key, which compaction keeps: send it again"
    assert await images.readable(image.image_id, None) is None


async def test_all_truths_are_sent_again(sender: EventSender, database: mongo.Database) -> None:
    writer, images = ImageWriter(database), ImageRepository(database)
    made = [finished_image() for _ in range(230)]
    for start in range(0, len(made), 50):
        part = made[start : start + 50]
        event = generation_finished("ann", *part)
        for image in part:
            await writer.insert_generated(event, image)
    publisher = Publisher(images.collection, to_event, sender)
    assert await publisher.republish_all() == 230
    assert await images.collection.count_documents({"unpublished": True}) == 0
