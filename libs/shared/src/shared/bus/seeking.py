"""From where a consumer group reads: its stored positions, unless their log is another one or has lost records."""

import logging
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.handler import Handler
from shared.bus.log_ends import LogEnds
from shared.bus.positions import Position, Positions
from shared.bus.turns import Turns
from shared.topics import TOPICS

log = logging.getLogger(__name__)


class Seeking:
    """Puts one replica's consumer where its group's rows stand."""

    def __init__(
        self, group: str, handlers: Mapping[str, Handler], positions: Positions, log_ends: LogEnds, turns: Turns
    ) -> None:
        self._group = group
        self._handlers = handlers
        self._positions = positions
        self._log_ends = log_ends
        self._turns = turns

    async def to_positions(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Seek every partition to its stored position, or to the beginning where there is none.

        Raises:
            KafkaError, StoreError, TimeoutError: the log or the store can't be asked.
        """
        beginnings, ends = await self._log_ends.beginnings(partitions), await self._log_ends.of(partitions)
        stored = {it: await self._positions.of(it.topic, it.partition) for it in partitions}
        known = {it: position for it, position in stored.items() if position is not None}
        standings = await self._log_ends.judge(known, ends)
        for partition in partitions:
            position = known.get(partition)
            if position is None:
                await self._positions.start(partition.topic, partition.partition, beginnings[partition])
                self._turns.begin(consumer, partition, Position(beginnings[partition]))
            elif standings[partition] == "another_log" or _has_lost(partition, position, beginnings):
                await self.begin_anew(consumer, partition)
            else:
                self._turns.begin(consumer, partition, position)

    async def to_stored(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        """Seek to the stored position if the partition is ours (raises as `to_positions` does)."""
        stored = await self._positions.of(partition.topic, partition.partition)
        if stored is None:
            # The store was emptied: without a position to compare with, none could ever be written.
            stored = Position(0)
            await self._positions.start(partition.topic, partition.partition, stored.offset)
        if self._turns.has(partition):
            self._turns.begin(consumer, partition, stored)

    async def begin_anew(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        """Read another log from its beginning, with every row of the partition in quarantine (raises as above)."""
        log.error("another log", extra={"group": self._group, "topic": partition.topic, "at": partition.partition})
        beginning = (await self._log_ends.beginnings([partition]))[partition]
        # First the rows, then the position: a crash in between repeats both.
        await self._handlers[partition.topic].quarantine(None, partition.topic, partition.partition, beginning)
        await self._positions.start(partition.topic, partition.partition, beginning)
        self._turns.begin(consumer, partition, Position(beginning))


def _has_lost(partition: TopicPartition, position: Position, beginnings: Mapping[TopicPartition, int]) -> bool:
    """Tell whether records that were to be applied are gone; what retention takes from a queue is meant."""
    is_state = TOPICS[partition.topic].cleanup == "compact"
    return is_state and position.offset < beginnings[partition]
