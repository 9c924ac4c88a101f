"""Rows that follow a state topic: written only when the version is greater, with quarantine.

A duplicate, a replay or a reorder of events is thus harmless. A row in quarantine, or any row of a partition in
quarantine, grants nothing by itself: the reader must ask the owner of the truth. A later readable record of the
key, of a greater version, lifts it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.contracts import Event
from shared.mongo import Collection, Document, granting
from shared.topics import TOPICS

E = TypeVar("E", bound=Event)


class ReadModel(Generic[E]):
    """The rows of one contract in one collection; `version` is part of every event of a state topic."""

    def __init__(self, collection: Collection, contract: type[E]) -> None:
        self._collection = collection
        self._contract = contract

    @property
    def contract(self) -> type[E]:
        """The contract whose events it follows."""
        return self._contract

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        """Write the events' rows where their version is greater than the row's."""
        if len(events) == 1:
            await self._apply_one(events[0])
            return
        writes = [UpdateOne(*self._parts(event), upsert=True) for event in events]
        try:
            await self._collection.bulk_write(writes, ordered=True)
        except BulkWriteError:
            # An upsert that met a newer row (duplicate key) stops an ordered bulk: go on one by one.
            for event in events:
                await self._apply_one(event)

    async def quarantine(self, key: str | None, topic: str, partition: int, offset: int) -> None:
        """Distrust the row of `key`, or (None) every row of the partition."""
        name = _partition_row(topic, partition) if key is None else key
        mark = {"quarantined": True, "quarantined_offset": offset}
        await self._collection.update_one({"_id": name}, {"$set": mark, "$setOnInsert": {"version": 0}}, upsert=True)

    async def row(self, key: str) -> Document | None:
        """Give the row of `key` by a linearizable read; one in quarantine, also by its partition, says so.

        Raises:
            StoreError: the store can't be asked.
        """
        topic = TOPICS[self._contract.topic]
        partition_row = _partition_row(topic.name, topic.partition_of(key))
        reads = granting(self._collection)
        row, in_doubt = await asyncio.gather(
            reads.find_one({"_id": key}, max_time_ms=2_000),
            reads.find_one({"_id": partition_row}, max_time_ms=2_000),
        )
        if in_doubt is not None:
            return {**(row or {"_id": key, "version": 0}), "quarantined": True}
        return row

    async def _apply_one(self, event: Any) -> None:
        condition, change = self._parts(event)
        try:
            await self._collection.update_one(condition, change, upsert=True)
        except DuplicateKeyError:
            return  # the row has this version or a greater one

    def _parts(self, event: Any) -> tuple[Document, Document]:
        row = {**event.model_dump(mode="python"), "quarantined": False}
        return {"_id": event.key, "version": {"$lt": event.version}}, {"$set": to_document(row)}


def to_document(value: Any) -> Any:
    """Turn a model's dump into what the store takes: enumerations as their values, tuples as lists."""
    if isinstance(value, dict):
        return {key: to_document(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_document(inner) for inner in value]
    return getattr(value, "value", value)


def _partition_row(topic: str, partition: int) -> str:
    return f"{topic}/{partition}"


def is_trusted(row: Document | None) -> bool:
    """Tell whether a row may be used without asking the owner of the truth."""
    return row is not None and not row.get("quarantined", False)
