"""Rows that follow a state topic: written only when the version is greater, with quarantine.

A duplicate, a replay or a reorder of events is thus harmless. A row in quarantine grants nothing by itself: the
reader must ask the owner of the truth. What lifts it:

- `newer`: a record of the key could not be read, and of which version it was isn't known: a greater version.
- `resent`: that version is known, and the row has it without its state; or the row stems from a log that is lost,
  or from before a record without a readable key: the same version, sent again, or a greater one.

Where the same is said of many keys, as by a bulk, one statement changes what may differ between two events of a key.
Rows in quarantine are written whole, and those without as many fields as the contract has by now (their `shape`).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared.contracts import Event
from shared.mongo import Collection, Document, chunks, granting
from shared.topics import TOPICS

E = TypeVar("E", bound=Event)

_DUPLICATE_KEY = 11_000


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
        """Write the events' rows where their version is greater than the row's, or the same and sent again."""
        newest: dict[str, Any] = {}
        for event in events:
            if event.key not in newest or event.version > newest[event.key].version:
                newest[event.key] = event
        left = await self._change_alike(list(newest.values()))
        stopped = await self._write([self._newer(event) for event in left], upsert=True)
        await self._write([self._resent(left[index]) for index in stopped], upsert=False)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """Distrust the row of `key`, or (None) every row of the partition; `version` is the unread record's."""
        if key is None:
            # A row that doesn't say its partition may be one of them.
            rows = {"partition": {"$in": [partition, None]}, "quarantined": {"$in": [False, None]}}
            await self._collection.update_many(rows, {"$set": {"quarantined": "resent"}})
            return
        fields = {"partition": partition, "quarantined_offset": offset}
        if version is None:
            mark = {"$set": {**fields, "quarantined": "newer"}, "$setOnInsert": {"version": 0}}
            await self._collection.update_one({"_id": key}, mark, upsert=True)
            return
        mark = {"$set": {**fields, "quarantined": "resent", "version": version}}
        await self._write([({"_id": key, "version": {"$lt": version}}, mark)], upsert=True)

    async def row(self, key: str) -> Document | None:
        """Give the row of `key` by a linearizable read; one in quarantine says so.

        Raises:
            StoreError: the store can't be asked.
        """
        return await granting(self._collection).find_one({"_id": key}, max_time_ms=2_000)

    async def _change_alike(self, events: list[Any]) -> list[Any]:
        """Change the rows of keys that the same is said of; give the events whose rows must be written whole."""
        alike: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for event in events:
            alike[self._partition(event), *(getattr(event, name) for name in self._contract.changing)].append(event)
        whole: list[Any] = []
        for group in alike.values():
            row = self._row(group[0])
            if len(group) == 1 or row["version"] == 1 or not self._contract.changing:
                whole += group  # a first version has no row yet
                continue
            change = {"$set": {name: row[name] for name in (*self._contract.changing, "partition")}}
            for part in chunks(group):
                trusted = {"version": {"$lt": row["version"]}, "quarantined": False, "shape": row["shape"]}
                rows = {"_id": {"$in": [event.key for event in part]}, **trusted}
                if (await self._collection.update_many(rows, change)).matched_count < len(part):
                    whole += part
        return whole

    async def _write(self, writes: Sequence[tuple[Document, Document]], *, upsert: bool) -> list[int]:
        """Do the writes; give which of them met a row that has their version or a greater one."""
        if not writes:
            return []
        try:
            if len(writes) == 1:  # somebody waits for it: a bulk of one takes a third longer
                await self._collection.update_one(*writes[0], upsert=upsert)
            else:
                await self._collection.bulk_write([UpdateOne(*it, upsert=upsert) for it in writes], ordered=False)
        except DuplicateKeyError:
            return [0]
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if any(it["code"] != _DUPLICATE_KEY for it in failed) or error.details.get("writeConcernErrors"):
                raise
            return [it["index"] for it in failed]
        return []

    def _newer(self, event: Any) -> tuple[Document, Document]:
        return {"_id": event.key, "version": {"$lt": event.version}}, {"$set": self._row(event)}

    def _resent(self, event: Any) -> tuple[Document, Document]:
        same = {"_id": event.key, "version": event.version, "quarantined": "resent"}
        return same, {"$set": self._row(event)}

    def _row(self, event: Any) -> Document:
        row: Document = to_document(event.model_dump(mode="python"))
        shape = len(self._contract.model_fields)
        return {**row, "partition": self._partition(event), "quarantined": False, "shape": shape}

    def _partition(self, event: Any) -> int:
        return TOPICS[self._contract.topic].partition_of(event.key)


def to_document(value: Any) -> Any:
    """Turn a model's dump into what the store takes: enumerations as their values, tuples as lists."""
    if isinstance(value, dict):
        return {key: to_document(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_document(inner) for inner in value]
    return getattr(value, "value", value)


def is_trusted(row: Document | None) -> bool:
    """Tell whether a row may be used without asking the owner of the truth."""
    return row is not None and not row.get("quarantined", False)
