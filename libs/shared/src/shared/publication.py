"""How a truth reaches its topic: a flag on its document, a publisher, a sweeper, and an audit of the log.

Each truth's document carries `version`, `unpublished` and, once sent, `published` (version, partition, offset of
what was sent last). The publisher sends the current state and clears the flag only if the version is still the
one it sent. The audit reads the topic back, since the log's order isn't the versions' order and compaction keeps
the last record: a record that lies behind the newest one though it is older → the current state is sent again; a
record newer than its truth (the store was restored) → it is taken into the truth.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from aiokafka.errors import KafkaError
from opentelemetry import metrics
from pymongo import UpdateOne

from shared.bus.broker import EventSender, Place
from shared.contracts import Event
from shared.mongo import Collection, Document, StoreError, chunks
from shared.topics import TOPICS

log = logging.getLogger(__name__)
_meter = metrics.get_meter("shared.publication")
_swept = _meter.create_counter("publication.swept", description="changes that a request had not published")
_audited = _meter.create_counter("publication.audited", description="records that the audit had to mend")
_age = _meter.create_gauge("publication.age", unit="s", description="of the oldest change that isn't published yet")

E = TypeVar("E", bound=Event)

SWEEP_EVERY_S = 1.0
SWEEP_AFTER = timedelta(seconds=3)
"""A younger flag belongs to a request that is publishing right now."""
SWEEP_AT_MOST = 500
REPUBLISH_AT_ONCE = 100
_OF_WHAT_WAS_SENT = {"version": 1, "unpublished": 1, "published": 1}


class Truth(Protocol):
    """What the publication needs to know of a truth's collection."""

    async def adopt(self, event: Any) -> None:
        """Take a newer state from the log into the truth (conditional on its version), flagged to be sent again.

        It may not be the last record of its key, and compaction keeps that one.
        """

    async def reaffirm(self, key: str, above: int) -> None:
        """Raise the version of `key`, beyond `above` too, without changing it, and flag it to be sent."""


def cleared(document: Document, place: Place, flag: str = "unpublished", sent: str = "published") -> Document:
    """Give the fields that say what was sent of `document`, for an update conditional on its version."""
    return {
        flag: False,
        sent: {"version": document["version"], "partition": place.partition, "offset": place.offset},
    }


class Publisher:
    """Sends the current state of truths to their topic.

    `among` is true of every document that is flagged: where an index finds those, the flag needs none of its own.
    """

    def __init__(
        self,
        collection: Collection,
        to_event: Callable[[Document], Event],
        sender: EventSender,
        flag: str = "unpublished",
        sent: str = "published",
        among: Document | None = None,
    ) -> None:
        self._collection = collection
        self._to_event = to_event
        self._sender = sender
        self._flag = flag
        self._sent = sent
        self._among = among or {}

    @staticmethod
    async def create_indexes(collection: Collection, flag: str = "unpublished") -> None:
        """Make the sweeper quick: only flagged documents are in this index."""
        await collection.create_index(flag, name=flag, partialFilterExpression={flag: True})

    async def publish(self, document: Document) -> Place:
        """Send `document`, which must be its current state, and give its place in the log.

        Raises:
            TimeoutError, KafkaError: not acknowledged; the flag stays and the sweeper goes on.
        """
        place = await self.send(document)
        await self._collection.update_one(
            {"_id": document["_id"], "version": document["version"]},
            {"$set": cleared(document, place, self._flag, self._sent)},
        )
        return place

    async def send(self, document: Document) -> Place:
        """Send `document` without clearing its flag; the caller writes `cleared` with what else it notes."""
        return await self._sender.send(self._to_event(document))

    async def sweep(self, older_than: timedelta = SWEEP_AFTER) -> int:
        """Publish what a crash or a lost broker left; give how many were sent (`SWEEP_AT_MOST` at the most)."""
        now = datetime.now(UTC)
        wanted = {**self._among, self._flag: True, "changed_at": {"$lte": now - older_than}}
        left = await self._collection.find(wanted, {"history": 0}, limit=SWEEP_AT_MOST).to_list(SWEEP_AT_MOST)
        oldest = min((document["changed_at"] for document in left), default=now)
        _age.set((now - oldest).total_seconds(), {"collection": self._collection.name, "flag": self._flag})
        sent = 0
        for document in left:
            try:
                await self.publish(document)
            except ValueError as error:
                # One document that makes no event mustn't hold up those behind it.
                log.error("document can't be published", extra={"error": type(error).__name__})
            else:
                sent += 1
        if sent:
            _swept.add(sent)
        return sent

    async def sweep_forever(self) -> None:
        """Sweep every second until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.sweep()
            except (StoreError, KafkaError, TimeoutError, OSError) as error:
                log.warning("sweep failed", extra={"error": type(error).__name__})

    async def republish_all(self, concerns: Callable[[str], bool] = lambda _: True) -> int:
        """Send every truth whose key `concerns` again, for a log that lost some; give how many.

        Runs as long as it takes.
        """
        total, part = 0, list[Document]()
        async for document in self._collection.find(
            {"version": {"$gte": 1}}, {"history": 0}, batch_size=REPUBLISH_AT_ONCE, limit=0
        ):
            if concerns(document["_id"]):
                part.append(document)
            if len(part) == REPUBLISH_AT_ONCE:
                total += await self._republish(part)
                part = []
        return total + await self._republish(part)

    async def _republish(self, documents: Sequence[Document]) -> int:
        if not documents:
            return 0
        places = await asyncio.gather(*(self.send(document) for document in documents))
        writes = [
            UpdateOne(
                {"_id": document["_id"], "version": document["version"]},
                {"$set": cleared(document, place, self._flag, self._sent)},
            )
            for document, place in zip(documents, places, strict=True)
        ]
        await self._collection.bulk_write(writes, ordered=False)
        return len(writes)


class Audit(Generic[E]):
    """A handler of one's own topic (see the module)."""

    def __init__(self, collection: Collection, contract: type[E], truth: Truth, publisher: Publisher) -> None:
        self._collection = collection
        self._contract = contract
        self._truth = truth
        self._publisher = publisher

    @property
    def contract(self) -> type[E]:
        """The contract of the topic that is read back."""
        return self._contract

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        """Compare the newest and the last record of each key in this batch with its truth, and mend."""
        records: dict[str, list[tuple[Any, int]]] = defaultdict(list)
        for event, offset in zip(events, places, strict=True):
            records[event.key].append((event, offset))
        documents = await self._read(list(records))
        for key, of_key in records.items():
            newest = max((event for event, _ in of_key), key=lambda event: event.version)
            document = documents.get(key)
            if document is None or newest.version > document["version"]:
                _audited.add(1, {"topic": self._contract.topic, "what": "adopted"})
                await self._truth.adopt(newest)
                document = await self._collection.find_one({"_id": key}, _OF_WHAT_WAS_SENT)
            last, offset = of_key[-1]
            if document is not None and last.version < document["version"] and self._hides(document, offset):
                _audited.add(1, {"topic": self._contract.topic, "what": "sent_again"})
                # Read anew: what is sent must be the current state, and the batch was read a while ago.
                current = await self._collection.find_one({"_id": key}, {"history": 0})
                if current is not None:
                    await self._publisher.publish(current)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """Somebody else's garbage lies on our topic, or the topic is a new one: send what readers now distrust."""
        if key is not None:
            await self._truth.reaffirm(key, version or 0)
            return
        _audited.add(1, {"topic": topic, "what": "partition_sent_again"})
        await self._publisher.republish_all(lambda it: TOPICS[topic].partition_of(it) == partition)

    async def _read(self, keys: Sequence[str]) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for ids in chunks(keys):
            async for document in self._collection.find({"_id": {"$in": ids}}, _OF_WHAT_WAS_SENT, limit=len(ids)):
                found[document["_id"]] = document
        return found

    @staticmethod
    def _hides(document: Document, offset: int) -> bool:
        """Tell whether the record at `offset` may lie behind the newest one that was sent.

        One that is sent but not yet noted may lie before it: then it is sent a second time, which harms nobody.
        """
        published = document.get("published")
        return document["unpublished"] or published is None or bool(offset > published["offset"])
