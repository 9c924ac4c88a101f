"""How the truth about images is written: each write is conditional on the version that was read."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from gallery.images.domain import HistoryEntry, Image, entry
from shared.bus.broker import Place
from shared.consistency import PlaceView
from shared.contracts import Cause, FinishedImage, GenerationFinished, VisibilityChanged
from shared.ids import new_change_id
from shared.mongo import Collection, Database, Document
from shared.publication import cleared
from shared.read_model import to_document
from shared.visibility import Filter, is_deleted

HISTORY_KEPT_IN_IMAGE = 200


class ImageWriter:
    """Writes of images and their history."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["images"]
        self._old_history: Collection = database["history"]

    async def insert_generated(self, event: GenerationFinished, image: FinishedImage) -> Document | None:
        """Take a new image into the truth; None when it is there already (the first result wins)."""
        at = datetime.now(UTC)
        first = entry(None, event.visibility, event.owner_id, Cause.GENERATED, new_change_id(), at)
        document = {
            "_id": image.image_id,
            "owner_id": event.owner_id,
            "generation_id": event.generation_id,
            "created_at": event.finished_at,
            "width": image.width,
            "height": image.height,
            "master_key": image.master_key,
            "schema_version": 1,
            "published": None,
            # Nobody has to forget anything of a new image: it is everywhere as it should be from the start.
            "history": [_stored(first.model_copy(update={"enforced_at": at}))],
            **_current(first),
            "enforcing": False,
        }
        try:
            await self.collection.insert_one(document)
        except DuplicateKeyError:
            return None
        return document

    def change(self, image: Image, change: HistoryEntry) -> UpdateOne:
        """Give the conditional write of a change: it applies only to the version that was read."""
        return UpdateOne(
            {"_id": image.id, "version": image.version},
            {"$set": _current(change), "$push": {"history": _stored(change)}},
        )

    async def change_one(self, document: Document, change: HistoryEntry) -> Document | None:
        """Apply a change; give the new document, or None when somebody was quicker."""
        if len(document["history"]) >= HISTORY_KEPT_IN_IMAGE:
            await self._move_old_history(document)
        result = await self.collection.update_one(
            {"_id": document["_id"], "version": document["version"]},
            {"$set": _current(change), "$push": {"history": _stored(change)}},
        )
        return {**document, **_current(change)} if result.matched_count else None

    async def change_many(self, writes: Sequence[UpdateOne]) -> None:
        """Apply the writes that `change` gave; who was quicker shows in the versions."""
        if writes:
            await self.collection.bulk_write(list(writes), ordered=False)

    async def mark(
        self, sent: Sequence[tuple[Document, Place | None]], places: list[PlaceView], *, enforced: bool
    ) -> None:
        """Note what was sent of documents, where it has arrived, and whether that is everywhere."""
        writes = [
            UpdateOne(
                {"_id": document["_id"], "version": document["version"]},
                {"$set": _flags(document, place, enforced=enforced) | _reached(places, enforced=enforced)},
                array_filters=[_unfinished(document)],
            )
            for document, place in sent
        ]
        if not writes:
            return
        result = await self.collection.bulk_write(writes, ordered=False)
        if result.matched_count < len(writes):
            await self._mark_superseded([document for document, _ in sent], places, enforced=enforced)

    async def unenforced(self, limit: int) -> list[Document]:
        """Give images whose current version isn't known to be everywhere."""
        return await self.collection.find({"enforcing": True}, limit=limit).to_list(limit)

    async def unerased(self, limit: int) -> list[Document]:
        """Give deleted images whose bytes and prompt aren't known to be gone."""
        return await self.collection.find({"erasing": True}, limit=limit).to_list(limit)

    async def mark_erased(self, documents: Sequence[Document]) -> None:
        """Note that bytes and prompts of deleted images are gone."""
        now = datetime.now(UTC)
        writes = [
            UpdateOne(
                {"_id": document["_id"]},
                {"$set": {"erasing": False, "history.$[entry].erased_at": now}},
                array_filters=[{"entry.version": document["version"]}],
            )
            for document in documents
        ]
        if writes:
            await self.collection.bulk_write(writes, ordered=False)

    async def adopt(self, event: VisibilityChanged) -> None:
        """Take a newer state from the log into the truth: this store was restored from an older copy."""
        known = await self.collection.find_one({"_id": event.image_id})
        before = None if known is None else Image.model_validate(known)
        restored = entry(
            before, event.visibility, event.owner_id, Cause.RESTORED, new_change_id(), event.changed_at
        ).model_copy(update={"version": event.version})
        state = to_document(event.model_dump(exclude={"image_id", "cause", "changed_at", "version", "visibility"}))
        try:
            await self.collection.update_one(
                {"_id": event.image_id, "version": {"$lt": event.version}},
                {
                    "$set": {**state, **_current(restored), "unpublished": False},
                    "$push": {"history": _stored(restored)},
                    "$setOnInsert": {"schema_version": 1, "published": None},
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return  # the truth went on meanwhile

    async def reaffirm(self, key: str) -> None:
        """Raise an image's version as it is and flag it, so that its next record supersedes what can't be read."""
        await self.collection.update_one(
            {"_id": key},
            {
                "$inc": {"version": 1},
                "$set": {
                    "unpublished": True,
                    "enforcing": True,
                    "cause": Cause.REAFFIRMED.value,
                    "changed_at": datetime.now(UTC),
                },
            },
        )

    async def _mark_superseded(self, documents: Sequence[Document], places: list[PlaceView], *, enforced: bool) -> None:
        # A later version that is everywhere has made the earlier ones be so too, and the other way round never.
        await self.collection.bulk_write(
            [
                UpdateOne(
                    {"_id": document["_id"]},
                    {"$set": _reached(places, enforced=enforced)},
                    array_filters=[_unfinished(document)],
                )
                for document in documents
            ],
            ordered=False,
        )

    async def _move_old_history(self, document: Document) -> None:
        old = document["history"][: HISTORY_KEPT_IN_IMAGE // 2]
        await self._old_history.bulk_write(
            [
                UpdateOne(
                    {"_id": f"{document['_id']}/{it['version']}"},
                    {"$set": {"image_id": document["_id"], "version": it["version"], "entry": it}},
                    upsert=True,
                )
                for it in old
            ]
        )
        moved = {"history": {"version": {"$lte": old[-1]["version"]}}}
        await self.collection.update_one({"_id": document["_id"]}, {"$pull": moved})


def _stored(change: HistoryEntry) -> Document:
    stored: Document = to_document(change.model_dump(by_alias=True))
    return stored


def _current(change: HistoryEntry) -> Document:
    return {
        "visibility": change.to.value,
        "version": change.version,
        "changed_at": change.at,
        "cause": change.why.value,
        "change_id": change.change_id,
        "unpublished": True,
        "enforcing": True,
        "erasing": is_deleted(change.to),
    }


def _flags(document: Document, place: Place | None, *, enforced: bool) -> Document:
    flags: Document = {} if place is None else cleared(document, place)
    return {**flags, "enforcing": False} if enforced else flags


def _reached(places: list[PlaceView], *, enforced: bool) -> Document:
    reached: dict[str, Any] = {"history.$[entry].places": [place.model_dump() for place in places]}
    return {**reached, "history.$[entry].enforced_at": datetime.now(UTC)} if enforced else reached


def _unfinished(document: Document) -> Filter:
    return {"entry.version": {"$lte": document["version"]}, "entry.enforced_at": None}
