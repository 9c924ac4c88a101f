"""Replicas of gallery and download, of the real parts, that a power cut may end between any two steps."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from faststream.kafka import KafkaBroker, KafkaMessage
from tests.chaos.builds import NoBroker
from tests.chaos.model.log import Client, Log, LosingBroker

from download.decision import Decisions
from gallery.images.batches import Batches
from gallery.images.domain import to_event
from gallery.images.writer import ImageWriter
from shared.bus.broker import EventSender
from shared.bus.consumer import GroupConsumer
from shared.bus.handler import Handler
from shared.bus.log_ends import LogEnds
from shared.bus.record_times import RecordTimes
from shared.consistency import Lease
from shared.contracts import VisibilityChanged
from shared.guards import Guards
from shared.http.problems import Problem
from shared.mongo import Database
from shared.publication import Audit, Publisher
from shared.topics import VISIBILITY_CHANGES

T = TypeVar("T")
_SENT_WITHIN_S = 5.0


class PowerCutError(BaseException):
    """The replica ends here; nothing that it would have done next is done."""


@dataclass(slots=True)
class Fuse:
    """Counts a replica's steps; `left` (None: for ever) is how many it does before the power is cut."""

    left: int | None = None

    def step(self) -> None:
        """Do one step.

        Raises:
            PowerCutError: it was one too many.
        """
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise PowerCutError


def fused(part: type[T], fuse: Fuse, *names: str) -> type[T]:
    """Give `part` with a step before and after each of the methods `names`."""

    def with_steps(name: str) -> Callable[..., Awaitable[Any]]:
        async def call(self: Any, *arguments: Any, **more: Any) -> Any:
            fuse.step()
            answer = await getattr(part, name)(self, *arguments, **more)
            fuse.step()
            return answer

        return call

    return cast("type[T]", type(part.__name__, (part,), {name: with_steps(name) for name in names}))


class ModelConsumer(GroupConsumer):
    """A member whose connection is the model's."""

    client: Client

    def _consumer(self) -> AIOKafkaConsumer:
        return cast("AIOKafkaConsumer", self.client)


class ModelTimes(RecordTimes):
    """Records' times in the model's log."""

    def __init__(self, client: Client) -> None:
        super().__init__("none")
        self._own = client

    async def at(self, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        return await self._own.times_at(offsets)


class ModelEnds(LogEnds):
    """The real questions, asked of the model's log."""

    def __init__(self, client: Client) -> None:
        super().__init__("none")
        self._own = client
        self._record_times = ModelTimes(client)

    def _connected(self) -> AIOKafkaConsumer:
        return cast("AIOKafkaConsumer", self._own)


class Member:
    """One replica's member of one group, with its lease."""

    def __init__(
        self,
        group: str,
        log: Log,
        guards: Guards,
        fuse: Fuse,
        database: Database,
        handler: Handler,
        sender: EventSender,
    ) -> None:
        self.client, self.asking = Client(log, group), Client(log, group)
        ends = ModelEnds(self.asking)
        positions = fused(guards.positions, fuse, "start", "advance")(database["positions"], group)
        vars(positions)["log"] = log  # for the test build that believes commits
        handlers: Mapping[str, Handler] = {VISIBILITY_CHANGES.name: handler}
        broker = cast("KafkaBroker", NoBroker())
        self.consumer = ModelConsumer(group, broker, handlers, positions, sender, ends)
        self.consumer.client = self.client
        self.client.is_told = self.consumer.on_partitions_revoked
        self.lease: Lease = guards.lease(self.consumer, ends)
        self._fuse = fuse

    async def join(self, at: TopicPartition) -> None:
        """Get the partition."""
        self.client.is_deposed = False
        self.client.assigned.add(at)
        await self.consumer.on_partitions_assigned([at])

    async def leave(self, at: TopicPartition) -> None:
        """Give the partition up."""
        await self.consumer.on_partitions_revoked([at])
        self.client.assigned.discard(at)

    async def read(self, at: TopicPartition) -> None:
        """Work on what is in hand."""
        record = self.client.take(at)
        if record is not None:
            self._fuse.step()
            await self.consumer.on_record(_message(record))
            self._fuse.step()


@dataclass(slots=True)
class Download:
    """A replica of download."""

    member: Member
    decisions: Decisions
    fuse: Fuse

    async def shows(self, image_id: str) -> bool:
        """Tell whether it would show the image to somebody who isn't signed in."""
        try:
            await self.decisions.decide(image_id, None)
        except Problem:
            return False
        return True


@dataclass(slots=True)
class Gallery:
    """A replica of gallery; what a publisher has read and not yet sent is in `paused`."""

    member: Member
    writer: ImageWriter
    batches: Batches
    publisher: Publisher
    broker: LosingBroker
    fuse: Fuse
    paused: list[dict[str, Any]] = field(default_factory=list)


def a_download(log: Log, guards: Guards, database: Database, gallery: httpx.AsyncClient) -> Download:
    """Start a replica of download."""
    fuse = Fuse()
    rows = fused(guards.read_model, fuse, "_write", "quarantine")(database["images"], VisibilityChanged)
    sender = EventSender(cast("KafkaBroker", LosingBroker(log)), _SENT_WITHIN_S)
    member = Member("download", log, guards, fuse, database, rows, sender)
    sights = guards.sights(rows, member.lease)
    return Download(member, Decisions(sights, gallery, "http://gallery"), fuse)


def a_gallery(log: Log, guards: Guards, database: Database) -> Gallery:
    """Start a replica of gallery."""
    fuse, broker = Fuse(), LosingBroker(log)
    batches = fused(Batches, fuse, "open", "note", "drop")(database)
    writer = fused(ImageWriter, fuse, "change_one", "change_many", "mark", "adopt", "reaffirm")(database, batches)
    sender = EventSender(cast("KafkaBroker", broker), _SENT_WITHIN_S)
    publisher = fused(guards.publisher, fuse, "send")(writer.collection, to_event, sender)
    audit: Audit[VisibilityChanged] = guards.audit(writer.collection, VisibilityChanged, writer, publisher)
    member = Member("gallery-audit", log, guards, fuse, database, audit, sender)
    return Gallery(member, writer, batches, publisher, broker, fuse)


def _message(record: Any) -> KafkaMessage:
    return KafkaMessage(raw_message=record, body=b"", consumer=cast("Any", None))
