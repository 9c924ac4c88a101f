"""Bulk changes in the store: one document for the change, one for each slice of its items."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo.errors import DuplicateKeyError

from gallery.changes.domain import BulkChange, Item
from shared.ids import ChangeId, UserId
from shared.mongo import Collection, Database, Document
from shared.read_model import to_document

CLAIMED_FOR = timedelta(seconds=30)
KEPT_S = 30 * 24 * 60 * 60


class ChangeRepository:
    """All that touches bulk changes."""

    def __init__(self, database: Database) -> None:
        self._changes: Collection = database["changes"]
        self._slices: Collection = database["change_slices"]

    async def create_indexes(self) -> None:
        """Make the indexes; a bulk's items are kept for 30 days (the images' history for ever)."""
        await self._changes.create_index("state", partialFilterExpression={"state": "pending"})
        await self._changes.create_index("created_at", expireAfterSeconds=KEPT_S)
        await self._slices.create_index("created_at", expireAfterSeconds=KEPT_S)

    async def insert(self, change: BulkChange, items: Sequence[Item]) -> None:
        """Accept a bulk: its slices first, so that a change that is there is whole."""
        for number in range(change.slices):
            part = items[number * change.slice_size : (number + 1) * change.slice_size]
            # Never over what is there: the same request under the same key may have been worked on already.
            frozen = {"created_at": change.created_at, "items": [to_document(it.model_dump()) for it in part]}
            await self._slices.update_one({"_id": _slice_id(change.id, number)}, {"$setOnInsert": frozen}, upsert=True)
        try:
            await self._changes.insert_one({**_stored(change), "claimed_until": change.created_at})
        except DuplicateKeyError:
            return  # the same request under the same key was quicker

    async def get(self, change_id: ChangeId, owner: UserId) -> BulkChange | None:
        """Give the owner's own bulk change."""
        found = await self._changes.find_one({"_id": change_id, "owner_id": owner})
        return None if found is None else BulkChange.model_validate(found)

    async def count_open(self, owner: UserId) -> int:
        """Count the owner's changes that aren't enforced yet."""
        return await self._changes.count_documents({"state": "pending", "owner_id": owner}, maxTimeMS=5_000)

    async def items(self, change: BulkChange, number: int) -> list[Item]:
        """Give the items of one slice."""
        found = await self._slices.find_one({"_id": _slice_id(change.id, number)})
        return [] if found is None else [Item.model_validate(it) for it in found["items"]]

    async def save_slice(self, change: BulkChange, number: int, items: Sequence[Item]) -> None:
        """Note the results of a slice."""
        await self._slices.update_one(
            {"_id": _slice_id(change.id, number)},
            {"$set": {"items": [to_document(it.model_dump()) for it in items]}},
        )

    async def save(self, change: BulkChange) -> None:
        """Note how far a bulk is, and hold on to it for the next slice."""
        progress = _stored(change)
        kept = {name: progress[name] for name in ("next_slice", "counts", "state", "places")}
        held = {"claimed_until": datetime.now(UTC) + CLAIMED_FOR}
        await self._changes.update_one({"_id": change.id}, {"$set": {**kept, **held}})

    async def claim(self, change_id: ChangeId) -> BulkChange | None:
        """Take a pending bulk to work on; None when somebody else has it or it is done."""
        now = datetime.now(UTC)
        result = await self._changes.update_one(
            {"_id": change_id, "state": "pending", "claimed_until": {"$lte": now}},
            {"$set": {"claimed_until": now + CLAIMED_FOR}},
        )
        if result.modified_count == 0:
            return None
        found = await self._changes.find_one({"_id": change_id})
        return None if found is None else BulkChange.model_validate(found)

    async def release(self, change_id: ChangeId, until: datetime) -> None:
        """Let a bulk go; it may be taken again from `until`."""
        await self._changes.update_one({"_id": change_id}, {"$set": {"claimed_until": until}})

    async def open_ids(self, limit: int) -> list[ChangeId]:
        """Give pending bulks that nobody works on."""
        wanted = {"state": "pending", "claimed_until": {"$lte": datetime.now(UTC)}}
        found = await self._changes.find(wanted, {"_id": 1}, limit=limit).to_list(limit)
        return [ChangeId(it["_id"]) for it in found]

    async def mark_undone(self, change_id: ChangeId, by: ChangeId) -> bool:
        """Note that a bulk is undone, once; tell whether `by` is what undid it.

        A change of one image has no document here: its version says whether it still is to be undone.
        """
        await self._changes.update_one({"_id": change_id, "undone_by": None}, {"$set": {"undone_by": by}})
        found = await self._changes.find_one({"_id": change_id}, {"undone_by": 1})
        if found is None or found["undone_by"] == by:
            return True
        other = found["undone_by"]
        if await self._changes.find_one({"_id": other}, {"_id": 1}) is not None:
            return False
        # The one that said so died before it was accepted: take its place.
        taken = await self._changes.update_one({"_id": change_id, "undone_by": other}, {"$set": {"undone_by": by}})
        return bool(taken.modified_count)


def _slice_id(change_id: ChangeId, number: int) -> str:
    return f"{change_id}/{number:04d}"


def _stored(change: BulkChange) -> Document:
    stored: Document = to_document(change.model_dump(by_alias=True))
    return stored
