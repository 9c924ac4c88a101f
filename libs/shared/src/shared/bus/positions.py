"""Where a consumer group stands in each partition, kept beside its rows and moved by compare-and-set.

The store's position, not Kafka's commit, says what the rows contain: a restored store takes its position back
with it, and reads again what it has lost.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from shared.mongo import Collection, Document


class PositionMovedError(RuntimeError):
    """The stored position isn't the expected one: another replica moved it, or the store was restored."""


@dataclass(frozen=True, slots=True)
class Position:
    """The next record to apply, and by what the log is known again.

    `previous_ms` is the timestamp of the record right before, `latest_ms` the greatest one of the records applied so
    far (None: none was). A log that holds neither is another one: offsets alone can't tell a topic that was made anew
    and has grown since.
    """

    offset: int
    latest_ms: int | None = None
    previous_ms: int | None = None


class Positions:
    """The positions of one consumer group."""

    def __init__(self, collection: Collection, group: str) -> None:
        self._collection = collection
        self._group = group

    async def of(self, topic: str, partition: int) -> Position | None:
        """Give the position; None when the partition was never read."""
        row = await self._collection.find_one({"_id": self._id(topic, partition)})
        return None if row is None else _position(row)

    async def of_all(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Position]:
        """Give the positions of the partitions that were ever read."""
        names = {self._id(topic, partition): (topic, partition) for topic, partition in partitions}
        rows = self._collection.find({"_id": {"$in": list(names)}}, limit=len(names))
        return {names[row["_id"]]: _position(row) async for row in rows}

    async def start(self, topic: str, partition: int, offset: int) -> None:
        """Begin at `offset`, or begin again there, in whatever log there is now."""
        await self._collection.update_one(
            {"_id": self._id(topic, partition)}, {"$set": asdict(Position(offset))}, upsert=True
        )

    async def advance(self, topic: str, partition: int, expected: Position, to: Position) -> None:
        """Move from `expected` to `to`.

        Raises:
            PositionMovedError: the stored one isn't `expected`.
        """
        result = await self._collection.update_one(
            {"_id": self._id(topic, partition), "offset": expected.offset},
            {"$set": asdict(to)},
        )
        if result.matched_count == 0:
            raise PositionMovedError

    async def reset(self) -> None:
        """Forget them all: the group reads every topic from its beginning at its next start."""
        await self._collection.delete_many({"_id": {"$regex": f"^{self._group}/"}})

    def _id(self, topic: str, partition: int) -> str:
        return f"{self._group}/{topic}/{partition}"


def _position(row: Document) -> Position:
    return Position(int(row["offset"]), row.get("latest_ms"), row.get("previous_ms"))
