"""Version guard: the last record wins, whatever its version."""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne

from shared.read_model import ReadModel

FAULTS = ("late-publisher",)


class LastWins(ReadModel[Any]):
    """Writes rows in the log's order."""

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        writes = [UpdateOne({"_id": event.key}, {"$set": self._row(event)}, upsert=True) for event in events]
        await self._collection.bulk_write(writes, ordered=True)


PARTS = {"download": {"read_model": LastWins}}
