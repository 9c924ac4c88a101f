"""Where a consumer group stands in each partition, kept beside its rows and moved by compare-and-set.

The store's position, not Kafka's commit, says what the rows contain: a restored store takes its position back
with it, and reads again what it has lost.
"""

from collections.abc import Iterable

from shared.mongo import Collection


class PositionMovedError(RuntimeError):
    """The stored position isn't the expected one: another replica moved it, or the store was restored."""


class Positions:
    """The positions of one consumer group; a position is the offset of the next record to apply."""

    def __init__(self, collection: Collection, group: str) -> None:
        self._collection = collection
        self._group = group

    async def of(self, topic: str, partition: int) -> int | None:
        """Give the position; None when the partition was never read."""
        row = await self._collection.find_one({"_id": self._id(topic, partition)})
        return None if row is None else int(row["offset"])

    async def of_all(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Give the positions of the partitions that were ever read."""
        names = {self._id(topic, partition): (topic, partition) for topic, partition in partitions}
        rows = self._collection.find({"_id": {"$in": list(names)}}, limit=len(names))
        return {names[row["_id"]]: int(row["offset"]) async for row in rows}

    async def start(self, topic: str, partition: int, offset: int) -> None:
        """Begin, or (the log went back) begin again, at `offset`."""
        await self._collection.update_one(
            {"_id": self._id(topic, partition)}, {"$set": {"offset": offset}}, upsert=True
        )

    async def advance(self, topic: str, partition: int, expected: int, to: int) -> None:
        """Move from `expected` to `to`.

        Raises:
            PositionMovedError: the stored one isn't `expected`.
        """
        result = await self._collection.update_one(
            {"_id": self._id(topic, partition), "offset": expected}, {"$set": {"offset": to}}
        )
        if result.matched_count == 0:
            raise PositionMovedError

    async def reset(self) -> None:
        """Forget them all: the group reads every topic from its beginning at its next start."""
        await self._collection.delete_many({"_id": {"$regex": f"^{self._group}/"}})

    def _id(self, topic: str, partition: int) -> str:
        return f"{self._group}/{topic}/{partition}"
