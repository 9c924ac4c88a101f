"""How many generations a person has running, limited by the plan without a race.

One document a person holds the ids; taking one is conditional on there being room. A slot that a crash left is
found when somebody is refused for it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pymongo.errors import DuplicateKeyError

from generation.domain import UNFINISHED
from shared.ids import GenerationId, UserId
from shared.mongo import Collection, Database

_SUBMITTING_FOR = timedelta(minutes=1)


class Slots:
    """The running generations of each person."""

    def __init__(self, database: Database) -> None:
        self._slots: Collection = database["slots"]
        self._generations: Collection = database["generations"]

    async def take(self, user_id: UserId, generation_id: GenerationId, limit: int) -> bool:
        """Take a slot for a generation; False when the person has `limit` running."""
        if await self._take(user_id, generation_id, limit):
            return True
        await self._free_left_over(user_id)
        return await self._take(user_id, generation_id, limit)

    async def free(self, user_id: UserId, generation_id: GenerationId) -> None:
        """Give a slot back."""
        await self._slots.update_one({"_id": user_id}, {"$pull": {"running": {"id": generation_id}}})

    async def _take(self, user_id: UserId, generation_id: GenerationId, limit: int) -> bool:
        held = await self._slots.find_one({"_id": user_id})
        running = [] if held is None else held["running"]
        if any(it["id"] == generation_id for it in running):
            return True
        if len(running) >= limit:
            return False
        slot = {"id": generation_id, "at": datetime.now(UTC)}
        try:
            result = await self._slots.update_one(
                {"_id": user_id, "running.id": {"$ne": generation_id}, f"running.{limit - 1}": {"$exists": False}},
                {"$push": {"running": slot}},
                upsert=True,
            )
        except DuplicateKeyError:
            return False  # it filled up, or got this one, meanwhile
        return bool(result.modified_count or result.upserted_id)

    async def _free_left_over(self, user_id: UserId) -> None:
        held = await self._slots.find_one({"_id": user_id})
        running: Sequence[dict[str, object]] = [] if held is None else held["running"]
        ids = [it["id"] for it in running]
        found = self._generations.find({"_id": {"$in": ids}}, {"status": 1}, limit=max(len(ids), 1))
        status = {it["_id"]: it["status"] async for it in found}
        old = datetime.now(UTC) - _SUBMITTING_FOR
        left_over = [
            it["id"]
            for it in running
            if (status[it["id"]] not in UNFINISHED if it["id"] in status else it["at"] < old)  # type: ignore[operator]
        ]
        if left_over:
            await self._slots.update_one({"_id": user_id}, {"$pull": {"running": {"id": {"$in": left_over}}}})
