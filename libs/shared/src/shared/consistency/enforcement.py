"""From a changed truth to "enforced everywhere": publish, wait at the barrier, note it, follow up the rest."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from aiokafka.errors import KafkaError

from shared.bus.broker import Place
from shared.consistency.barrier import Barrier
from shared.consistency.lease import clock
from shared.consistency.places import PlaceView, state_of
from shared.mongo import Document, StoreError
from shared.pacing import in_turns
from shared.publication import Publisher
from shared.topics import TOPICS

log = logging.getLogger(__name__)

UNENFORCED: Final = {"enforcing": True}
"""What is true of every document that isn't known to be everywhere, so also of those that aren't sent yet."""
FOLLOW_EVERY_S = 1.0
FOLLOW_AFTER = timedelta(seconds=3)
"""A younger change has a request that waits for it."""
FOLLOW_AT_MOST = 500
_NOTED_WITHIN_S = 1.0
_ANSWER_FIRST_S = 0.005


Sent = tuple[Document, Place | None]
"""A document and the place in the log that it was sent to; None when it could not be sent."""


class Truths(Protocol):
    """What the enforcement needs of a truth's collection."""

    async def unenforced(self, before: datetime, limit: int) -> list[Document]:
        """Give documents that were changed by `before` and whose current version isn't known to be everywhere."""

    async def mark(self, sent: Sequence[Sent], places: list[PlaceView], *, enforced: bool) -> None:
        """Note what was sent of documents, where it has arrived, and whether that is everywhere."""


class Enforcement:
    """Brings changed documents to every place. The truth itself refuses strangers from the moment of its write."""

    def __init__(
        self, owner: str, topic: str, truths: Truths, publisher: Publisher, barrier: Barrier, timeout_s: float
    ) -> None:
        self._owner = owner
        self._topic = topic
        self._truths = truths
        self._publisher = publisher
        self._barrier = barrier
        self._timeout_s = timeout_s
        self._noting: set[asyncio.Task[None]] = set()

    async def enforce_one(self, document: Document, began: float) -> list[PlaceView]:
        """Do as `enforce` does for one document, without waiting until the outcome is noted: see `settled`."""
        sent, places = await self.bring([document], began)
        noting = asyncio.create_task(self._note_soon(sent, places))
        self._noting.add(noting)
        noting.add_done_callback(self._noting.discard)
        return places

    async def settled(self) -> None:
        """Return once what this replica has answered is noted, so that its callers read of it what they were told.

        Bounded: a store that doesn't take the note is asked by the reader itself.
        """
        if self._noting:
            await asyncio.wait(set(self._noting), timeout=_NOTED_WITHIN_S)

    async def enforce(self, documents: Sequence[Document], began: float) -> list[PlaceView]:
        """Publish `documents`, wait for the enforcers, and say how far each place is.

        `began` is `clock()` from before the truth was written. Never raises for a lost broker or store:
        what could not be confirmed is pending, and is followed up.
        """
        sent, places = await self.bring(documents, began)
        await self._note(sent, places)
        return places

    async def bring(self, documents: Sequence[Document], began: float) -> tuple[list[Sent], list[PlaceView]]:
        """Do as `enforce` does without noting anything; give what was sent of each document too."""
        truth = PlaceView(name=self._owner, state="applied", ms=round((clock() - began) * 1000, 1))
        async with asyncio.TaskGroup() as tasks:
            sending = [tasks.create_task(self._send(document)) async for document in in_turns(documents)]
        sent = [it.result() for it in sending]
        reached = [place for place in sent if place is not None]
        if len(reached) == len(documents):
            places = [truth, *await self._barrier.wait(reached, began, self._timeout_s)]
        else:
            places = [truth, *self._barrier.unreached()]
        return list(zip(documents, sent, strict=True)), places

    async def follow_forever(self) -> None:
        """Go on with what no request waits for any more, every second until cancelled."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await self.follow(FOLLOW_AFTER)
            except (StoreError, KafkaError, TimeoutError, OSError) as error:
                log.warning("follow-up failed", extra={"error": type(error).__name__})

    async def follow(self, older_than: timedelta) -> None:
        """Go on with changes that aren't known to be everywhere yet."""
        open_ = await self._truths.unenforced(datetime.now(UTC) - older_than, FOLLOW_AT_MOST)
        unsent: dict[int, list[Document]] = defaultdict(list)
        sent: dict[int, list[Document]] = defaultdict(list)
        for document in open_:
            # Each partition by itself: one that is held up mustn't keep the others from being known as enforced.
            kind = sent if is_sent(document) else unsent
            kind[self._partition_of(document)].append(document)
        await asyncio.gather(
            *(self.enforce(documents, clock()) for documents in unsent.values()),
            *(self._follow_sent(documents) for documents in sent.values()),
        )

    async def _follow_sent(self, documents: Sequence[Document]) -> None:
        groups = await self._barrier.wait([self._place(it) for it in documents], clock(), self._timeout_s)
        # How long it took is known from the history's times; here only that it is there.
        places = [PlaceView(name=self._owner, state="applied", ms=0.0), *groups]
        await self._note([(document, self._place(document)) for document in documents], places)

    async def _send(self, document: Document) -> Place | None:
        try:
            return await self._publisher.send(document)
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("not published yet", extra={"error": type(error).__name__})
            return None

    async def _note_soon(self, sent: list[Sent], places: list[PlaceView]) -> None:
        # The caller has what it waited for: its answer mustn't compete with the note for the store and the loop.
        await asyncio.sleep(_ANSWER_FIRST_S)
        await self._note(sent, places)

    async def _note(self, sent: list[Sent], places: list[PlaceView]) -> None:
        try:
            await self._truths.mark(sent, places, enforced=state_of(places) == "enforced")
        except StoreError as error:
            log.warning("not noted; it will be followed up", extra={"error": type(error).__name__})

    def _partition_of(self, document: Document) -> int:
        return TOPICS[self._topic].partition_of(document["_id"])

    def _place(self, document: Document) -> Place:
        published = document["published"]
        return Place(self._topic, published["partition"], published["offset"])


def is_sent(document: Document) -> bool:
    """Tell whether the document's current version is in the log."""
    published = document.get("published")
    return published is not None and published["version"] == document["version"] and not document["unpublished"]
