"""How the truth about images is written: each write is conditional on the version that was read."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from gallery.images.batches import Batches
from gallery.images.domain import Image, StoredEntry, entry, single_change_id
from shared.bus.broker import Place
from shared.consistency import UNENFORCED, PlaceView, Sent
from shared.contracts import Cause, FinishedImage, GenerationFinished, VisibilityChanged
from shared.ids import BatchId, ImageId
from shared.mongo import Collection, Database, Document, chunks
from shared.publication import cleared
from shared.read_model import to_document
from shared.visibility import Visibility, is_deleted

HISTORY_KEPT_IN_IMAGE = 200
_ROOM_EVERY = HISTORY_KEPT_IN_IMAGE // 2
"""Versions from one look at an image's history to the next, and the entries that stay."""
_BATCHES_A_LOOK = 10
_Alike = tuple[int, Visibility, Visibility, BatchId | None]
"""What a statement has in common: the version and the visibility before, what it becomes, and its batch."""


class ImageWriter:
    """Writes of images and their history."""

    def __init__(self, database: Database, batches: Batches) -> None:
        self.collection: Collection = database["images"]
        self._batches = batches
        self._old_history: Collection = database["history"]

    async def insert_generated(self, event: GenerationFinished, image: FinishedImage) -> Document | None:
        """Take a new image into the truth; None when it is there already (the first result wins)."""
        at = datetime.now(UTC)
        first = entry(None, event.visibility, event.owner_id, Cause.GENERATED, single_change_id(image.image_id, 1), at)
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
            # Nobody has to forget anything of a new image: it is everywhere as it should be once it is sent.
            "history": [_stored(first.model_copy(update={"enforced_at": at}))],
            **_current(first),
        }
        try:
            await self.collection.insert_one(document)
        except DuplicateKeyError:
            return None
        return document

    async def change_one(self, document: Document, change: StoredEntry) -> Document | None:
        """Apply a change; give the new document, or None when somebody was quicker."""
        await self._make_room([(document["_id"], document["version"])])
        # By its id alone, as reads are: the version is looked at by the update itself.
        result = await self.collection.update_one({"_id": document["_id"]}, _only_of(document["version"], change))
        return {**document, **_current(change)} if result.modified_count else None

    async def change_many(self, changes: Sequence[tuple[Image, StoredEntry]]) -> list[Document]:
        """Apply changes of one moment, each only to the version that was read; give the new documents.

        Left out are all that were written together with one that somebody was quicker to change: read them again.
        """
        await self._make_room([(image.id, image.version) for image, _ in changes])
        written: list[Document] = []
        alike: dict[_Alike, list[tuple[Image, StoredEntry]]] = defaultdict(list)
        for image, change in changes:
            alike[image.version, image.visibility, change.to, change.batch].append((image, change))
        for (version, *_), group in alike.items():
            # What differs between their entries is only the image.
            update = {"$set": _current(group[0][1]), "$push": {"history": _stored(group[0][1])}}
            for part in chunks(group):
                wanted = {"_id": {"$in": [image.id for image, _ in part]}, "version": version}
                result = await self.collection.update_many(wanted, update)
                if result.matched_count == len(part):
                    written += [{**image.model_dump(by_alias=True), **_current(change)} for image, change in part]
        return written

    async def mark(self, sent: Sequence[Sent], places: list[PlaceView], *, enforced: bool) -> None:
        """Note of each document what was sent of it, where it has arrived, and whether that is everywhere."""
        alike: dict[tuple[int, int | None], list[Sent]] = defaultdict(list)
        for document, place in sent:
            alike[document["version"], None if place is None else place.partition].append((document, place))
        for (version, _), group in alike.items():
            # The lowest offset stands for all: the audit then looks at more records behind it, never at fewer.
            document, place = min(group, key=lambda it: it[1].offset if it[1] else 0)
            flags = _flags(document, place, enforced=enforced)
            reached = _reached(places, enforced=enforced)
            unfinished: Document = {"entry.enforced_at": None}
            for ids in chunks([it["_id"] for it, _ in group]):
                # No entry is of a later version than its image, and each condition costs the store time.
                current = {"_id": {"$in": ids}, "version": version}
                result = await self.collection.update_many(
                    current, {"$set": flags | reached}, array_filters=[unfinished]
                )
                if result.matched_count < len(ids):
                    # A later version that is everywhere has made the earlier ones be so too.
                    superseded = {"_id": {"$in": ids}, "version": {"$gt": version}}
                    earlier = {**unfinished, "entry.version": {"$lte": version}}
                    await self.collection.update_many(superseded, {"$set": reached}, array_filters=[earlier])

    async def unenforced(self, before: datetime, limit: int) -> list[Document]:
        """Give images that were changed by `before` and whose current version isn't known to be everywhere.

        At most `limit`, and the images of a few batches.
        """
        wanted = {**UNENFORCED, "changed_at": {"$lte": before}}
        found = await self.collection.find(wanted, {"history": 0}, limit=limit).to_list(limit)
        for batch, image_ids in (await self._batches.left(before, _BATCHES_A_LOOK)).items():
            for ids in chunks(image_ids):
                left = self.collection.find({"_id": {"$in": ids}, "batch": batch}, {"history": 0}, limit=len(ids))
                found += await left.to_list(len(ids))
        return found

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
        change_id = single_change_id(event.image_id, event.version)
        restored = entry(
            before, event.visibility, event.owner_id, Cause.RESTORED, change_id, event.changed_at
        ).model_copy(update={"version": event.version})
        state = to_document(event.model_dump(exclude={"image_id", "cause", "changed_at", "version", "visibility"}))
        try:
            await self.collection.update_one(
                {"_id": event.image_id, "version": {"$lt": event.version}},
                {
                    "$set": {**state, **_current(restored)},
                    "$push": {"history": _stored(restored)},
                    "$setOnInsert": {"schema_version": 1, "published": None},
                },
                upsert=True,
            )
        except DuplicateKeyError:
            return  # the truth went on meanwhile

    async def reaffirm(self, key: str, above: int) -> None:
        """Raise an image's version as it is and flag it, so that its next record supersedes what can't be read."""
        raised = {"$add": [{"$max": ["$version", above]}, 1]}
        await self.collection.update_one(
            {"_id": key},
            [
                {
                    "$set": {
                        "version": raised,
                        "unpublished": True,
                        "enforcing": True,
                        "batch": None,
                        "cause": Cause.REAFFIRMED.value,
                        "changed_at": datetime.now(UTC),
                    }
                }
            ],
        )

    async def _make_room(self, versions: Sequence[tuple[ImageId, int]]) -> None:
        """Move what is old out of long histories: a store's documents are bounded, and each write takes them whole."""
        for image_id, version in versions:
            if version % _ROOM_EVERY:
                continue
            found = await self.collection.find_one({"_id": image_id}, {"history": 1})
            if found is not None and len(found["history"]) >= HISTORY_KEPT_IN_IMAGE:
                await self._move(image_id, found["history"][:-_ROOM_EVERY])

    async def _move(self, image_id: ImageId, old: Sequence[Document]) -> None:
        await self._old_history.bulk_write(
            [
                UpdateOne(
                    {"_id": f"{image_id}/{it['version']}"},
                    {"$set": {"image_id": image_id, "version": it["version"], "entry": it}},
                    upsert=True,
                )
                for it in old
            ]
        )
        moved = {"history": {"version": {"$lte": old[-1]["version"]}}}
        await self.collection.update_one({"_id": image_id}, {"$pull": moved})


def _only_of(version: int, change: StoredEntry) -> list[Document]:
    """Give the update that applies `change` to an image of `version`, and leaves one of any other as it is."""
    history = {"$concatArrays": ["$history", [{"$literal": _stored(change)}]]}
    changed = {"$mergeObjects": ["$$ROOT", {"$literal": _current(change)}, {"history": history}]}
    return [{"$replaceWith": {"$cond": [{"$eq": ["$version", version]}, changed, "$$ROOT"]}}]


def _stored(change: StoredEntry) -> Document:
    # Without what is empty: each write of an image takes its whole history.
    stored: Document = to_document(change.model_dump(by_alias=True, exclude_defaults=True))
    return stored


def _current(change: StoredEntry) -> Document:
    return {
        "visibility": change.to.value,
        "version": change.version,
        "changed_at": change.at,
        "cause": change.why.value,
        "change_id": change.change_id,
        "batch": change.batch,
        # A batch is found by itself, and says for all of its images whether they are everywhere.
        "unpublished": change.batch is None,
        "enforcing": change.batch is None,
        "erasing": is_deleted(change.to),
    }


def _flags(document: Document, place: Place | None, *, enforced: bool) -> Document:
    flags: Document = {"unpublished": True} if place is None else cleared(document, place)
    return {**flags, "enforcing": not enforced, "batch": None}


def _reached(places: list[PlaceView], *, enforced: bool) -> Document:
    reached: dict[str, Any] = {"history.$[entry].places": [place.model_dump() for place in places]}
    return {**reached, "history.$[entry].enforced_at": datetime.now(UTC)} if enforced else reached
