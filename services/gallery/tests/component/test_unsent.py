"""What is in the truth and not in the log is found and sent, also where an earlier version left it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gallery.images.batches import Batches
from gallery.images.writer import ImageWriter
from gallery.setup import set_up
from shared.publication import Publisher
from shared.testing.apps import eventually
from shared.testing.events import finished_image, generation_finished

Gallery = Any


async def unsent(gallery: Gallery, **fields: Any) -> str:
    """Take a new image into the truth, as its consumer does, which then dies; a minute ago."""
    image = finished_image()
    made = await ImageWriter(gallery.database, Batches(gallery.database)).insert_generated(
        generation_finished("ann", image), image
    )
    assert made is not None
    fields["changed_at"] = datetime.now(UTC) - timedelta(minutes=1)
    await gallery.database["images"].update_one({"_id": image.image_id}, {"$set": fields})
    return image.image_id


async def is_settled(gallery: Gallery, image_id: str) -> bool:
    found = await gallery.database["images"].find_one({"_id": image_id})
    return found["published"] is not None and not found["unpublished"] and not found["enforcing"]


async def test_new_image_that_could_not_be_sent_is_sent_later(gallery: Gallery) -> None:
    image_id = await unsent(gallery)

    await eventually(lambda: is_settled(gallery, image_id))
    assert await gallery.enforcer_rows.row(image_id) is not None


async def test_new_image_is_settled_once_it_is_sent(gallery: Gallery) -> None:
    (image_id,) = await gallery.images("ann", 1)

    await eventually(lambda: is_settled(gallery, image_id), 2)


async def test_image_that_an_earlier_version_could_not_send_is_sent_later(gallery: Gallery) -> None:
    await Publisher.create_indexes(gallery.database["images"])
    image_id = await unsent(gallery, enforcing=False)

    await set_up(gallery.settings)

    await eventually(lambda: is_settled(gallery, image_id))
    assert "unpublished" not in await gallery.database["images"].index_information()
