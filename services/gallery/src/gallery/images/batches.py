"""Batches: images that one slice of a bulk change wrote together, whose outcome is noted once for all of them.

An image names the batch that wrote its current version, and so does that version's entry in the history. Until the
batch is noted, that version isn't known to be everywhere. Only the writer of a batch notes it, and only if all that
it wrote has got everywhere; in every other case each image is flagged and noted by itself (see the writer).

A batch is written down before the first of its images, so that whoever looks for what a crash left finds them. It
replaces nothing that is still on its way itself: no obligation is forgotten with the version before.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pymongo import UpdateOne

from gallery.images.domain import HistoryEntry, Image, StoredEntry
from shared.consistency import PlaceView
from shared.ids import BatchId, ImageId, new_batch_id
from shared.mongo import Collection, Database, Document, chunks

_OPEN = {"open": True}
_LOOKED_FOR_S = 30 * 24 * 60 * 60


class Batches:
    """The batches of gallery; what they reached is kept as long as the histories that tell it."""

    def __init__(self, database: Database) -> None:
        self._batches: Collection = database["batches"]

    async def create_indexes(self) -> None:
        """Make the indexes; idempotent."""
        await self._batches.create_index("due_at", name="open", partialFilterExpression=_OPEN)
        await self._batches.create_index("opened_at", expireAfterSeconds=_LOOKED_FOR_S)

    async def open(self, image_ids: Sequence[ImageId]) -> BatchId:
        """Begin a batch that will write at most these images."""
        batch, now = new_batch_id(), datetime.now(UTC)
        await self._batches.insert_one({"_id": batch, "image_ids": image_ids, "opened_at": now, "due_at": now, **_OPEN})
        return batch

    async def note(self, batches: Sequence[BatchId], places: Sequence[PlaceView]) -> bool:
        """Note that all that these batches wrote is everywhere; False if one of them isn't known any more."""
        reached = {"open": False, "enforced_at": datetime.now(UTC), "places": [place.model_dump() for place in places]}
        looked_for = {"image_ids": "", "opened_at": "", "due_at": ""}
        wanted = {"_id": {"$in": list(batches)}, **_OPEN}
        result = await self._batches.update_many(wanted, {"$set": reached, "$unset": looked_for})
        return result.matched_count == len(batches)

    async def drop(self, batches: Sequence[BatchId]) -> None:
        """Forget open batches, each of whose images is noted by itself."""
        await self._batches.delete_many({"_id": {"$in": list(batches)}, **_OPEN})

    async def unsettled(self, images: Iterable[Image]) -> set[ImageId]:
        """Tell which of these images have a current version that isn't known to be everywhere."""
        looked_at = list(images)
        noted = await self._noted(image.batch for image in looked_at)
        return {it.id for it in looked_at if it.enforcing or (it.batch is not None and it.batch not in noted)}

    async def told(self, entries: Sequence[StoredEntry]) -> list[HistoryEntry]:
        """Give entries of a history as their owner is told them, each with what its batch reached."""
        noted = await self._noted(it.batch for it in entries)
        return [HistoryEntry.model_validate(it.model_dump(by_alias=True) | noted.get(it.batch, {})) for it in entries]

    async def left(self, before: datetime, limit: int) -> dict[BatchId, list[ImageId]]:
        """Give open batches whose writer should have been done by `before`, with what they may have written.

        A writer may only have paused, and still write: each look doubles the time until the next one, for a month.
        """
        found = await self._batches.find({**_OPEN, "due_at": {"$lte": before}}, limit=limit).to_list(limit)
        later = [UpdateOne({"_id": it["_id"], **_OPEN}, {"$set": {"due_at": _next_look(it, before)}}) for it in found]
        if later:
            await self._batches.bulk_write(later, ordered=False)
        return {it["_id"]: it["image_ids"] for it in found}

    async def _noted(self, batches: Iterable[BatchId | None]) -> dict[BatchId | None, Document]:
        noted: dict[BatchId | None, Document] = {}
        for ids in chunks(sorted({it for it in batches if it is not None})):
            found = self._batches.find(
                {"_id": {"$in": ids}, "open": False}, {"enforced_at": 1, "places": 1}, limit=len(ids)
            )
            noted |= {it.pop("_id"): it async for it in found}
        return noted


def _next_look(batch: Document, now: datetime) -> datetime:
    age: timedelta = now - batch["opened_at"]
    return now + age
