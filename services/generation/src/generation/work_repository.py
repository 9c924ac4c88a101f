"""The generations' collection, as a worker uses it: every write is conditional on the worker's lease."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from generation.domain import UNFINISHED, Failure, Generation, Status
from shared.contracts import FinishedImage, Outcome
from shared.ids import GenerationId
from shared.mongo import Collection, Database, Document
from shared.read_model import to_document

LEASE = timedelta(seconds=20)


class WorkRepository:
    """One worker's view of the generations."""

    def __init__(self, database: Database, worker_id: str) -> None:
        self.collection: Collection = database["generations"]
        self._worker_id = worker_id

    async def get(self, generation_id: GenerationId) -> Document | None:
        """Give a generation with its prompt."""
        return await self.collection.find_one({"_id": generation_id})

    async def claim(self, generation_id: GenerationId) -> Generation | None:
        """Take a generation to work on; None when it is done, cancelled, or another live worker's."""
        now = datetime.now(UTC)
        free = {"$or": [{"lease": None}, {"lease.until": {"$lte": now}}, {"lease.worker": self._worker_id}]}
        result = await self.collection.update_one(
            {"_id": generation_id, "status": {"$in": UNFINISHED}, "outcome": None, **free},
            {"$set": {"status": Status.RUNNING.value, "lease": self._lease(now)}, "$inc": {"revision": 1}},
        )
        if result.matched_count == 0:
            return None
        found = await self.get(generation_id)
        return None if found is None else Generation.model_validate(found)

    async def report(self, generation_id: GenerationId, progress: float) -> bool:
        """Note the progress and hold on to the lease; False when the generation isn't ours any more."""
        return await self._update(generation_id, {"progress": progress, "lease": self._lease(datetime.now(UTC))})

    async def keep_image(self, generation_id: GenerationId, image: FinishedImage) -> bool:
        """Note a finished image, so that another worker needn't make it again."""
        result = await self.collection.update_one(
            {**self._ours(generation_id), "images.image_id": {"$ne": image.image_id}},
            {"$push": {"images": image.model_dump()}, "$inc": {"revision": 1}},
        )
        return bool(result.matched_count)

    async def succeed(self, generation_id: GenerationId, images: Sequence[FinishedImage]) -> bool:
        """Fix the outcome, flagged for its result; False when it was cancelled or taken over."""
        made = to_document([image.model_dump() for image in images])
        return await self._finish(self._ours(generation_id), {"outcome": Outcome.SUCCEEDED.value, "images": made})

    async def fail(self, generation_id: GenerationId, failure: Failure) -> bool:
        """Fix the outcome as a failure with its reason."""
        failed = {"outcome": Outcome.FAILED.value, "failure": failure.model_dump(), "images": []}
        return await self._finish(self._ours(generation_id), failed)

    async def fail_unread(self, generation_id: GenerationId, failure: Failure) -> bool:
        """Fail a generation whose request could not be read, whoever had it."""
        failed = {"outcome": Outcome.FAILED.value, "failure": failure.model_dump(), "images": []}
        return await self._finish({"_id": generation_id, "status": {"$in": UNFINISHED}, "outcome": None}, failed)

    async def let_go(self) -> None:
        """Give back what is still ours when the worker ends, so that another needn't wait for the lease's end."""
        await self.collection.update_many(
            {"unfinished": True, "outcome": None, "lease.worker": self._worker_id}, {"$set": {"lease": None}}
        )

    async def _finish(self, wanted: Document, outcome: Document) -> bool:
        now = datetime.now(UTC)
        result = await self.collection.update_one(
            wanted,
            {
                "$set": {
                    **outcome,
                    "finished_at": now,
                    "changed_at": now,
                    "lease": None,
                    "unpublished": False,
                    "result_unpublished": True,
                },
                "$inc": {"version": 1, "revision": 1},
            },
        )
        return bool(result.matched_count)

    async def _update(self, generation_id: GenerationId, changes: Document) -> bool:
        result = await self.collection.update_one(self._ours(generation_id), {"$set": changes, "$inc": {"revision": 1}})
        return bool(result.matched_count)

    def _ours(self, generation_id: GenerationId) -> Document:
        return {
            "_id": generation_id,
            "status": Status.RUNNING.value,
            "outcome": None,
            "lease.worker": self._worker_id,
        }

    def _lease(self, now: datetime) -> Document:
        return {"worker": self._worker_id, "until": now + LEASE}
