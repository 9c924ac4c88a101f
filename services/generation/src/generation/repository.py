"""The generations' collection, as the API uses it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from generation.domain import UNFINISHED, Generation, Status
from shared.contracts import GenerationFinished
from shared.http.cursors import Keyset
from shared.ids import GenerationId, ImageId, UserId
from shared.mongo import Collection, Database, Document
from shared.read_model import to_document
from shared.visibility import Choice, Visibility


class GenerationRepository:
    """All that the API touches of generations and preferences."""

    def __init__(self, database: Database) -> None:
        self.collection: Collection = database["generations"]
        self._preferences: Collection = database["preferences"]

    async def create_indexes(self) -> None:
        """Make the indexes; idempotent."""
        await self.collection.create_index([("owner_id", 1), ("created_at", DESCENDING)])
        await self.collection.create_index(
            "unfinished", name="unfinished", partialFilterExpression={"unfinished": True}
        )

    async def insert(self, generation: Generation) -> Document:
        """Take a generation in, flagged for its request; the document that is there, if it was before."""
        document = {
            **to_document(generation.model_dump(by_alias=True)),
            "schema_version": 1,
            "unfinished": True,
            "unpublished": True,
            "published": None,
            "result_unpublished": False,
            "result_published": None,
            "lease": None,
            "deleted_images": [],
        }
        try:
            await self.collection.insert_one(document)
        except DuplicateKeyError:
            return await self.collection.find_one({"_id": generation.id}) or document
        return document

    async def get(self, generation_id: GenerationId, owner: UserId) -> Generation | None:
        """Give the owner's own generation."""
        found = await self.collection.find_one({"_id": generation_id, "owner_id": owner})
        return None if found is None else Generation.model_validate(found)

    async def get_many(self, ids: Sequence[GenerationId]) -> list[Generation]:
        """Give generations by id, for those who watch them (their owners: checked before)."""
        found = await self.collection.find({"_id": {"$in": list(ids)}}, limit=len(ids)).to_list(len(ids))
        return [Generation.model_validate(it) for it in found]

    async def newest(self, owner: UserId, after: Keyset | None, limit: int) -> list[Generation]:
        """Give the owner's generations, newest first."""
        upper = datetime.now(UTC) + timedelta(days=1) if after is None else after.created_at
        ties = 0 if after is None else await self._ties(owner, after)
        found = self.collection.find(
            {"owner_id": owner, "created_at": {"$lte": upper}},
            sort=[("created_at", DESCENDING), ("_id", DESCENDING)],
            limit=limit + ties,
        )
        page = [Generation.model_validate(it) for it in await found.to_list(None)]
        return [it for it in page if after is None or (it.created_at, it.id) < after][:limit]

    async def cancel(self, generation_id: GenerationId, owner: UserId, now: datetime) -> bool:
        """Cancel what has no outcome yet; tell whether it was this call that did."""
        result = await self.collection.update_one(
            {"_id": generation_id, "owner_id": owner, "status": {"$in": UNFINISHED}, "outcome": None},
            {
                "$set": {
                    "status": Status.CANCELLED.value,
                    "finished_at": now,
                    "changed_at": now,
                    "unpublished": False,
                    "unfinished": False,
                },
                "$inc": {"version": 1, "revision": 1},
            },
        )
        return bool(result.modified_count)

    async def finish(self, event: GenerationFinished) -> None:
        """Show the outcome that the workers published."""
        await self.collection.update_one(
            {"_id": event.generation_id, "status": {"$in": UNFINISHED}},
            {
                "$set": {"status": event.outcome.value, "progress": 1.0, "unfinished": False},
                "$inc": {"revision": 1},
            },
        )

    async def unfinished(self, limit: int) -> list[Document]:
        """Give sent generations without an outcome."""
        wanted = {"unfinished": True, "outcome": None, "unpublished": False}
        return await self.collection.find(wanted, limit=limit).to_list(limit)

    async def unshown(self, before: datetime, limit: int) -> list[Document]:
        """Give generations whose outcome was sent before a moment and isn't shown yet."""
        outcome = {"outcome": {"$ne": None}, "result_unpublished": False}
        wanted = {"unfinished": True, **outcome, "changed_at": {"$lte": before}}
        return await self.collection.find(wanted, limit=limit).to_list(limit)

    async def forget_image(self, generation_id: GenerationId, image_id: ImageId) -> None:
        """Note that an image is deleted; with the last one the prompt and the seed go."""
        await self.collection.update_one({"_id": generation_id}, {"$addToSet": {"deleted_images": image_id}})
        found = await self.collection.find_one({"_id": generation_id})
        if found is not None and set(found["image_ids"]) <= set(found["deleted_images"]):
            await self.collection.update_one(
                {"_id": generation_id}, {"$set": {"prompt": None, "seed": None}, "$inc": {"revision": 1}}
            )

    async def preference(self, user_id: UserId) -> Visibility:
        """Give the remembered visibility; public until one was chosen."""
        found = await self._preferences.find_one({"_id": user_id})
        return Visibility.PUBLIC if found is None else Visibility(found["visibility"])

    async def remember(self, user_id: UserId, visibility: Choice) -> None:
        """Remember a visibility for the next generation."""
        await self._preferences.update_one({"_id": user_id}, {"$set": {"visibility": visibility.value}}, upsert=True)

    async def _ties(self, owner: UserId, after: Keyset) -> int:
        tied = {"owner_id": owner, "created_at": after.created_at, "_id": {"$gte": after.id}}
        return await self.collection.count_documents(tied, maxTimeMS=5_000)
