"""A store restored from an older copy takes the newest state from the log, wherever in a batch it lies."""

import secrets
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import pytest

from gallery.images.batches import Batches
from gallery.images.domain import Image, entry, to_event
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared import mongo
from shared.bus.broker import EventSender
from shared.contracts import Cause, VisibilityChanged
from shared.ids import UserId, new_change_id
from shared.publication import Audit, Publisher
from shared.testing.events import finished_image, generation_finished, sending, visibility_changed
from shared.topics import create_topics
from shared.visibility import Visibility


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
    writer, images = ImageWriter(database, Batches(database)), ImageRepository(database)
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
    assert truth["published"]["version"] == 2, "the older record was the last of its key, which compaction keeps"
    assert await images.readable(image.image_id, None) is None


async def test_newest_state_is_sent_again_though_it_is_not_noted_yet_that_it_was_sent_before_an_older_one(
    sender: EventSender, database: mongo.Database
) -> None:
    writer, images = ImageWriter(database, Batches(database)), ImageRepository(database)
    image = finished_image()
    made = await writer.insert_generated(generation_finished("ann", image, visibility="public"), image)
    assert made is not None
    change = entry(
        Image.model_validate(made), Visibility.PRIVATE, UserId("ann"), Cause.OWNER, new_change_id(), datetime.now(UTC)
    )
    hidden = await writer.change_one(made, change)
    assert hidden is not None
    publisher = Publisher(images.collection, to_event, sender)
    audit = Audit(images.collection, VisibilityChanged, writer, publisher)
    sent = await publisher.send(hidden)
    late = await publisher.send(made)  # a publisher that was paused between reading and sending

    await audit.apply([to_event(hidden), to_event(made)], [sent.offset, late.offset])

    truth = await images.collection.find_one({"_id": image.image_id})
    assert truth is not None
    assert truth["published"]["version"] == 2
    assert truth["published"]["offset"] > late.offset


async def test_each_of_many_keys_is_compared_with_its_own_truth(sender: EventSender, database: mongo.Database) -> None:
    writer, images = ImageWriter(database, Batches(database)), ImageRepository(database)
    made = [finished_image() for _ in range(120)]
    for image in made:
        await writer.insert_generated(generation_finished("ann", image, visibility="public"), image)
    publisher = Publisher(images.collection, to_event, sender)
    await publisher.republish_all()
    audit = Audit(images.collection, VisibilityChanged, writer, publisher)
    events = [visibility_changed("ann", it.image_id, "private", version=2) for it in made[::2]]
    events += [visibility_changed("ann", it.image_id, "public", version=1) for it in made[1::2]]

    await audit.apply(events, list(range(len(events))))

    for index, image in enumerate(made):
        truth = await images.collection.find_one({"_id": image.image_id})
        assert truth is not None
        assert (truth["version"], truth["visibility"]) == ((1, "public") if index % 2 else (2, "private"))


async def test_all_truths_are_sent_again(sender: EventSender, database: mongo.Database) -> None:
    writer, images = ImageWriter(database, Batches(database)), ImageRepository(database)
    made = [finished_image() for _ in range(230)]
    for start in range(0, len(made), 50):
        part = made[start : start + 50]
        event = generation_finished("ann", *part)
        for image in part:
            await writer.insert_generated(event, image)
    publisher = Publisher(images.collection, to_event, sender)
    assert await publisher.republish_all() == 230
    assert await images.collection.count_documents({"unpublished": True}) == 0
