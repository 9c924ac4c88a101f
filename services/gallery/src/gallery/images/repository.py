"""How the truth about images is read: always from the viewer's or the owner's scope."""

import asyncio
import heapq
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo import DESCENDING

from gallery.images.domain import Image, StoredEntry, single_change_of
from shared.consistency import UNENFORCED
from shared.http.cursors import Keyset
from shared.ids import ChangeId, ImageId, UserId
from shared.mongo import Collection, Database, Document, Fence, chunks, granting
from shared.visibility import Filter, Visibility, is_live, live_ones, owned_by, readable_by

_NO_HISTORY = {"history": 0}
_FIRST_WINDOW = timedelta(minutes=1)
_CLOCKS_DIFFER = timedelta(minutes=1)
_WINDOWS = 11
_SHORTEST_WINDOW = timedelta(milliseconds=10)
_IN_A_WINDOW = 200
_BEFORE_ALL = datetime.fromtimestamp(0, UTC)


class ImageRepository:
    """Reads of images and their history."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["images"]
        self._old_history: Collection = database["history"]
        self._fence = Fence(self.collection)

    async def create_indexes(self) -> None:
        """Make the indexes; idempotent."""
        await self.collection.create_index([("visibility", 1), ("created_at", DESCENDING)])
        await self.collection.create_index([("owner_id", 1), ("visibility", 1), ("created_at", DESCENDING)])
        await self.collection.create_index("enforcing", name="enforcing", partialFilterExpression=UNENFORCED)
        await self.collection.create_index("erasing", name="erasing", partialFilterExpression={"erasing": True})
        await self._old_history.create_index([("image_id", 1), ("version", DESCENDING)])

    async def readable(self, image_id: ImageId, viewer: UserId | None) -> Image | None:
        """Give an image that `viewer` may see; linearizable reads, the same for every refusal."""
        reads = granting(self.collection)
        found = await asyncio.gather(
            *(
                reads.find_one({"_id": image_id, **clause}, _NO_HISTORY, max_time_ms=2_000)
                for clause in readable_by(viewer)
            )
        )
        granted = next((document for document in found if document is not None), None)
        return None if granted is None else Image.model_validate(granted)

    async def owned(self, image_id: ImageId, owner: UserId) -> Document | None:
        """Give the document of the owner's own live image, without its history."""
        # Found by its id alone: stores that weigh indexes by the filter's fields take twice as long otherwise.
        found = await self.collection.find_one({"_id": image_id}, _NO_HISTORY)
        return found if found is not None and found.get("owner_id") == owner and _is_live(found) else None

    async def with_history(self, image_id: ImageId, owner: UserId) -> Document | None:
        """Give the whole document of the owner's own live image."""
        # By its owner too: the time that a long history takes would tell strangers that there is one.
        found = await self.collection.find_one({"_id": image_id, "owner_id": owner})
        return found if found is not None and _is_live(found) else None

    async def of_owner(self, image_ids: Sequence[ImageId], owner: UserId) -> dict[ImageId, Image]:
        """Give those of the ids that are the owner's, deleted ones too."""
        found: dict[ImageId, Image] = {}
        for ids in chunks(image_ids):
            async for document in self.collection.find({"_id": {"$in": ids}}, _NO_HISTORY, limit=len(ids)):
                if document.get("owner_id") == owner:
                    found[document["_id"]] = Image.model_validate(document)
        return found

    async def versions_of(
        self, owner: UserId, chosen: Visibility | None, before: datetime, limit: int
    ) -> dict[ImageId, int]:
        """Give the versions of the owner's images made before a moment, at most `limit`, in no order."""
        versions: dict[ImageId, int] = {}
        for visibility in live_ones(chosen):
            # By windows of time with about as many images: no statement keeps a store busy for long.
            upper, window = before, _FIRST_WINDOW
            while len(versions) < limit and upper > _BEFORE_ALL:
                lower = max(upper - window, _BEFORE_ALL)
                wanted = {**owned_by(owner, visibility), "created_at": {"$lt": upper, "$gte": lower}}
                found = self.collection.find(wanted, {"version": 1}, limit=limit - len(versions))
                part = {document["_id"]: document["version"] async for document in found}
                versions |= part
                upper, window = lower, max(window * min(4.0, _IN_A_WINDOW / max(len(part), 1)), _SHORTEST_WINDOW)
        return versions

    async def explore(self, after: Keyset | None, limit: int) -> list[Image]:
        """Give public images, newest first; fenced, since it grants to strangers."""
        await self._fence.wait()
        (everybodys,) = readable_by(None)
        return await self._newest(everybodys, after, limit)

    async def creations(
        self, owner: UserId, chosen: Visibility | None, after: Keyset | None, limit: int
    ) -> list[Image]:
        """Give the owner's live images, newest first."""
        lists = await asyncio.gather(*(self._newest(owned_by(owner, it), after, limit) for it in live_ones(chosen)))
        return heapq.nlargest(limit, itertools.chain(*lists), key=_keyset)

    async def counts(self, owner: UserId) -> tuple[int, int]:
        """Count the owner's public and private images, exactly."""
        public = await self.collection.count_documents(owned_by(owner, Visibility.PUBLIC), maxTimeMS=5_000)
        private = await self.collection.count_documents(owned_by(owner, Visibility.PRIVATE), maxTimeMS=5_000)
        return public, private

    async def by_change(self, change_id: ChangeId, owner: UserId) -> tuple[Document, StoredEntry] | None:
        """Find the image, and the entry, of a single change of the owner's; of a deleted image too."""
        named = single_change_of(change_id)
        if named is None:
            return None
        image_id, version = named
        found = await self.collection.find_one({"_id": image_id, "owner_id": owner})
        if found is None:
            return None
        recent = [StoredEntry.model_validate(it) for it in found["history"] if it["version"] == version]
        entries = recent or await self.older_history(image_id, version + 1, 1)
        return next(((found, it) for it in entries if it.change_id == change_id), None)

    async def older_history(self, image_id: ImageId, below: int, limit: int) -> list[StoredEntry]:
        """Give entries that no longer fit the image's document, newest first."""
        wanted = {"image_id": image_id, "version": {"$lt": below}}
        found = self._old_history.find(wanted, sort=[("version", DESCENDING)], limit=limit)
        return [StoredEntry.model_validate(it["entry"]) for it in await found.to_list(limit)]

    async def all_enforced(self, owner: UserId) -> bool:
        """Tell whether none of the owner's images is flagged as not known to be everywhere."""
        return await self.collection.find_one({**UNENFORCED, "owner_id": owner}, {"_id": 1}) is None

    async def any_unenforced(self, image_ids: Sequence[ImageId], owner: UserId) -> bool:
        """Tell whether any of these images of the owner's is flagged as not known to be everywhere."""
        for ids in chunks(image_ids):
            wanted = {"_id": {"$in": ids}, "owner_id": owner, **UNENFORCED}
            if await self.collection.find_one(wanted, {"_id": 1}) is not None:
                return True
        return False

    async def count_unerased(self, change_id: ChangeId) -> int:
        """Count the images deleted by this change whose bytes and prompt aren't known to be gone."""
        return await self.collection.count_documents({"erasing": True, "change_id": change_id}, maxTimeMS=5_000)

    async def _newest(self, wanted: Filter, after: Keyset | None, limit: int) -> list[Image]:
        # A window of time that grows until the page is full: quick on a store that sorts without an index.
        # `$lte` with the seen ones skipped here, since a keyset by `$or` scans everything.
        upper = datetime.now(UTC) + _CLOCKS_DIFFER if after is None else after.created_at
        ties = 0 if after is None else await self._ties(wanted, after)
        window, page = _FIRST_WINDOW, list[Image]()
        for attempt in range(_WINDOWS):
            lower = upper - window if attempt < _WINDOWS - 1 else _BEFORE_ALL
            found = self.collection.find(
                {**wanted, "created_at": {"$lte": upper, "$gt": lower}},
                _NO_HISTORY,
                sort=[("created_at", DESCENDING), ("_id", DESCENDING)],
                limit=limit + ties - len(page),
            )
            images = [Image.model_validate(document) async for document in found]
            page += [it for it in images if after is None or _keyset(it) < after]
            if len(page) >= limit:
                break
            upper, window = lower, window * 4
        return page[:limit]

    async def _ties(self, wanted: Filter, after: Keyset) -> int:
        return await self.collection.count_documents(
            {**wanted, "created_at": after.created_at, "_id": {"$gte": after.id}}, maxTimeMS=5_000
        )


def _keyset(image: Image) -> Keyset:
    return Keyset(image.created_at, image.id)


def _is_live(document: Document) -> bool:
    return is_live(document.get("visibility"))
