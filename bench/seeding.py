"""Images put straight into gallery's truth, as if they had been generated: quick to make, without any bytes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bench.system import System
from gallery.images.domain import Image, entry, to_event
from shared import mongo
from shared.contracts import Cause, VisibilityChanged
from shared.ids import ImageId, UserId, new_change_id, new_generation_id, new_image_id
from shared.read_model import ReadModel, to_document
from shared.visibility import Visibility

_MADE_EVERY = timedelta(seconds=20)
_INSERT_AT_ONCE = 500


def images_of(system: System) -> mongo.Collection:
    """Give gallery's collection of images."""
    return mongo.database(system.mongo, "gallery")["images"]


async def seed(system: System, owner: UserId, count: int, visibilities: Sequence[Visibility]) -> list[ImageId]:
    """Insert `count` images of `owner`, one for every 20 seconds of the past, their visibilities in turn."""
    return await insert(images_of(system), owner, count, visibilities, datetime.now(UTC))


async def insert_rows(system: System, images: Sequence[ImageId]) -> None:
    """Give download its rows of seeded images, as its consumer would have written them."""
    rows = ReadModel(mongo.database(system.mongo, "download")["images"], VisibilityChanged)
    for start in range(0, len(images), _INSERT_AT_ONCE):
        found = images_of(system).find({"_id": {"$in": list(images[start : start + _INSERT_AT_ONCE])}})
        events = [to_event(document) async for document in found]
        await rows.apply(events, [0] * len(events))


async def insert(
    collection: mongo.Collection, owner: UserId, count: int, visibilities: Sequence[Visibility], newest: datetime
) -> list[ImageId]:
    """Insert them so that the newest is as old as `newest` says."""
    made = [
        _image(owner, visibilities[number % len(visibilities)], newest - number * _MADE_EVERY)
        for number in range(count)
    ]
    documents = [to_document(image.model_dump(by_alias=True)) | {"schema_version": 1} for image in made]
    for start in range(0, count, _INSERT_AT_ONCE):
        await collection.insert_many(documents[start : start + _INSERT_AT_ONCE])
    return [image.id for image in made]


def _image(owner: UserId, visibility: Visibility, at: datetime) -> Image:
    name = new_image_id()
    first = entry(None, visibility, owner, Cause.GENERATED, new_change_id(), at)
    return Image(
        id=name,
        owner_id=owner,
        generation_id=new_generation_id(),
        visibility=visibility,
        version=first.version,
        created_at=at,
        width=1024,
        height=1024,
        master_key=f"{name}/0011223344556677.png",
        changed_at=at,
        cause=first.why,
        change_id=first.change_id,
        unpublished=False,
        enforcing=False,
        history=[first.model_copy(update={"enforced_at": at})],
    )
