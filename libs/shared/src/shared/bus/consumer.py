"""A consumer group: rows first, then Kafka's commit, then the position beside the rows (ADR 12).

On assignment it seeks to its stored positions. Store and network failures block the partition (back-off, no
commit, no dead letter); only a record that can't be decoded is quarantined, dead-lettered and passed. A log that
isn't the one its position was taken in is read from the beginning, with every row of the partition in quarantine.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from opentelemetry import metrics

from shared.bus.broker import EventSender
from shared.bus.cloudevents import Undecodable, decode
from shared.bus.dead_letters import DeadLetters
from shared.bus.handler import Handler
from shared.bus.log_ends import LogEnds
from shared.bus.positions import Position, PositionMovedError, Positions
from shared.bus.raw_records import leave_encoded, parse
from shared.bus.seeking import Seeking
from shared.bus.turns import Turns
from shared.contracts import Event
from shared.pacing import in_turns
from shared.topics import TOPICS

log = logging.getLogger(__name__)
_meter = metrics.get_meter("shared.bus")
_blocked = _meter.create_counter("consumer.blocked", description="times that a failure held a partition up")

MAX_BATCH = 500
_FIRST_BACKOFF_S = 0.05
_MAX_BACKOFF_S = 5.0
_ANSWER_FIRST_S = 0.005
_LONG_POLL_MS = 500
_COLLECTED_BYTES = 256 * 1024


class GroupConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """One replica's member of a consumer group over some topics.

    `linger_s`: how long the broker may collect records before it answers; for groups that nobody waits for.
    """

    def __init__(
        self,
        group: str,
        broker: KafkaBroker,
        handlers: Mapping[str, Handler],
        positions: Positions,
        sender: EventSender,
        log_ends: LogEnds,
        max_batch: int = MAX_BATCH,
        linger_s: float = 0.0,
    ) -> None:
        self.group = group
        self._handlers = dict(handlers)
        self._positions = positions
        self._log_ends = log_ends
        self._dead_letters = DeadLetters(group, sender)
        self._max_batch = max_batch
        self._turns = Turns()
        self._seeking = Seeking(group, self._handlers, positions, log_ends, self._turns)
        self._epoch = 0
        self._applying = asyncio.Lock()
        self._subscriber = broker.subscriber(
            *handlers,
            group_id=group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            listener=self,
            parser=parse,
            decoder=leave_encoded,
            max_poll_interval_ms=300_000,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            fetch_min_bytes=_COLLECTED_BYTES if linger_s else 1,
            fetch_max_wait_ms=int(linger_s * 1000) or _LONG_POLL_MS,
        )
        self._subscriber(self.on_record)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics it reads."""
        return tuple(self._handlers)

    async def on_record(self, message: KafkaMessage) -> None:
        """Apply the record and whatever else has been fetched already."""
        consumer, epoch = self._consumer(), self._epoch
        first: Any = message.raw_message
        records: dict[TopicPartition, list[ConsumerRecord]] = {TopicPartition(first.topic, first.partition): [first]}
        try:
            if self._max_batch > 1:
                more = await consumer.getmany(timeout_ms=0, max_records=self._max_batch - 1)
                for partition, fetched in more.items():
                    records.setdefault(partition, []).extend(fetched)
        except BaseException:
            self._turns.read_again(consumer, records)
            raise
        if epoch != self._epoch:
            # Assigned anew meanwhile: these may have been fetched from another position than the stored one.
            self._turns.read_again(consumer, records)
            return
        async with self._applying:
            for partition, batch in records.items():
                await self._apply_until_done(consumer, partition, batch)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Seek every partition to its stored position, or to the beginning where there is none.

        aiokafka swallows what this raises, and the partitions would stay silent: so it tries until it succeeds.
        """
        consumer, partitions = self._consumer(), list(assigned)
        self._epoch += 1
        if not partitions:
            return
        backoff_s = _FIRST_BACKOFF_S
        while True:
            try:
                await self._seeking.to_positions(consumer, partitions)
            except Exception as error:  # noqa: BLE001 - whatever failed, going on without positions would lose records
                self._tell_blocked(partitions[0].topic, error)
                await asyncio.sleep(backoff_s)
                backoff_s = min(backoff_s * 2, _MAX_BACKOFF_S)
            else:
                break
        self._epoch += 1
        with suppress(KafkaError):
            # A barrier waits for commits: say where the rows stand, also when there is nothing new to read.
            await self._commit(consumer, partitions)

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Forget them; the next owner reads the stored positions."""
        for partition in revoked:
            self._turns.end(partition)

    async def stored(self) -> dict[TopicPartition, Position]:
        """Read the group's positions; a partition that was never read is at its beginning."""
        partitions = self.partitions()
        found = await self._positions.of_all((it.topic, it.partition) for it in partitions)
        return {it: found.get((it.topic, it.partition), Position(0)) for it in partitions}

    async def follow(self, partition: TopicPartition, stored: Position) -> None:
        """Go on from `stored` if the partition is ours and stands elsewhere: its store was restored."""
        if self._is_idle_with(partition) and self._turns.at(partition) != stored:
            async with self._applying:
                await self._seeking.to_stored(self._consumer(), partition)
                await self._commit(self._consumer(), [partition])

    async def begin_anew(self, partition: TopicPartition) -> None:
        """Read another log from its beginning, if the partition is ours."""
        if self._is_idle_with(partition):
            async with self._applying:
                await self._seeking.begin_anew(self._consumer(), partition)
                await self._commit(self._consumer(), [partition])

    def partitions(self, *topics: str) -> list[TopicPartition]:
        """Give the partitions of `topics` (none: of all that it reads)."""
        return [TopicPartition(name, n) for name in topics or self.topics for n in range(TOPICS[name].partitions)]

    def pause(self) -> None:
        """Stop reading without leaving the group: an operator's, and a test's, way to hold a service back."""
        consumer = self._consumer()
        consumer.pause(*consumer.assignment())

    def resume(self) -> None:
        """Go on reading."""
        consumer = self._consumer()
        consumer.resume(*consumer.assignment())

    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self._subscriber.consumer
        if consumer is None:
            raise RuntimeError(f"the consumer of {self.group} isn't running")
        return consumer

    def _is_idle_with(self, partition: TopicPartition) -> bool:
        # Busy, it will find out by itself, or be asked again: whoever asks mustn't wait behind a slow handler.
        return self._turns.has(partition) and not self._applying.locked()

    async def _apply_until_done(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, batch: Sequence[ConsumerRecord]
    ) -> None:
        backoff_s = _FIRST_BACKOFF_S
        while self._turns.has(partition):
            try:
                await self._take(consumer, partition, batch)
            except Exception as error:  # noqa: BLE001 - whatever failed, passing it would lose a change: block
                self._tell_blocked(partition.topic, error)
                await asyncio.sleep(backoff_s)
                backoff_s = min(backoff_s * 2, _MAX_BACKOFF_S)
            else:
                return

    async def _take(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, batch: Sequence[ConsumerRecord]
    ) -> None:
        # Asked after they were fetched, known before anything is committed: another log would become a known one.
        # The rows themselves may be written meanwhile: they only ever take a greater version.
        standing = self._turns.at(partition)
        asking = asyncio.create_task(self._log_ends.strange({partition: standing}))
        try:
            records = self._turns.take(consumer, partition, batch)
            to = self._turns.after(partition, records) if records else standing
            await self._write_rows(partition, records)
            if await asking:
                await self._seeking.begin_anew(consumer, partition)
            elif records:
                await self._advance(consumer, partition, standing, to)
                return
        except PositionMovedError:
            await self._seeking.to_stored(consumer, partition)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        # Retried too: whoever waits at a barrier for the last record would wait for ever.
        await self._commit(consumer, [partition])

    def _tell_blocked(self, topic: str, error: Exception) -> None:
        _blocked.add(1, {"group": self.group, "topic": topic})
        log.warning("partition blocked", extra={"group": self.group, "topic": topic, "error": type(error).__name__})

    async def _write_rows(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        handler = self._handlers[partition.topic]
        readable: list[tuple[Event, int]] = []
        async for record in in_turns(records):
            try:
                event = decode(handler.contract, record.key, record.value, record.headers)
            except Undecodable as error:
                # What came before it goes first, so that a later quarantine never hides behind an older row.
                await self._write(handler, readable)
                readable = []
                await self._dead_letters.take(handler, record, str(error))
            else:
                readable.append((event, record.offset))
        await self._write(handler, readable)

    async def _advance(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, standing: Position, to: Position
    ) -> None:
        if not self._turns.has(partition) or self._turns.at(partition) != standing:
            return  # lost while the rows were written: whoever has it now reads them again
        # The rows are written: a barrier needs no more, and whoever waits at it doesn't wait for the position.
        await consumer.commit({partition: to.offset})
        if to.offset - standing.offset == 1:
            # A single change: its answer is on its way, and mustn't compete with the position for the store.
            await asyncio.sleep(_ANSWER_FIRST_S)
        await self._positions.advance(partition.topic, partition.partition, standing, to)
        self._turns.advance(partition, to)

    async def _commit(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        offsets = self._turns.offsets(partitions)
        if offsets:  # none: they are somebody else's by now
            await consumer.commit(offsets)

    async def _write(self, handler: Handler, readable: Sequence[tuple[Event, int]]) -> None:
        if readable:
            await handler.apply([event for event, _ in readable], [offset for _, offset in readable])
