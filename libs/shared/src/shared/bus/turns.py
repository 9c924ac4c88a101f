"""Which records follow a partition's position: what aiokafka has in hand may be from elsewhere.

It fetches from Kafka's commit while the stored positions are still being read, and goes on fetching while a handler
is being repeated. A record that was skipped would be a change that is never enforced.
"""

from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.bus.positions import Position


class Turns:
    """The positions of the assigned partitions, and what follows them."""

    def __init__(self) -> None:
        self._at: dict[TopicPartition, Position] = {}
        self._gaps: dict[TopicPartition, int] = {}

    def begin(self, consumer: AIOKafkaConsumer, partition: TopicPartition, position: Position) -> None:
        """Read `partition` from `position`, unless it is somebody else's."""
        if partition not in consumer.assignment():
            return
        self._at[partition] = position
        self._gaps.pop(partition, None)
        consumer.seek(partition, position.offset)

    def end(self, partition: TopicPartition) -> None:
        """Forget a partition that is somebody else's now."""
        self._at.pop(partition, None)

    def has(self, partition: TopicPartition) -> bool:
        """Tell whether the partition is ours, with its position known."""
        return partition in self._at

    def at(self, partition: TopicPartition) -> Position:
        """Give the position: the next record to apply."""
        return self._at[partition]

    def offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Give what there is to commit of `partitions`."""
        return {it: self._at[it].offset for it in partitions if it in self._at}

    def after(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> Position:
        """Give the position that follows `records`."""
        last, before = records[-1], self._at[partition].latest_ms
        latest_ms = max(record.timestamp for record in records)
        return Position(last.offset + 1, latest_ms if before is None else max(before, latest_ms), last.timestamp)

    def advance(self, partition: TopicPartition, to: Position) -> None:
        """Everything before `to` is applied; of a partition that was lost meanwhile its new owner takes care."""
        if partition in self._at:
            self._at[partition] = to

    def read_again(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Drop what is in hand of `partitions`: they are read from their positions."""
        for partition in partitions:
            if partition in self._at and partition in consumer.assignment():
                consumer.seek(partition, self._at[partition].offset)

    def take(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, batch: Sequence[ConsumerRecord]
    ) -> list[ConsumerRecord]:
        """Give the records that follow the position; none, and read again from it, if they may leave a gap.

        A gap is real (compaction) only when reading from the position begins with the same record again.
        """
        position = self._at[partition].offset
        offsets = [record.offset for record in batch]
        todo = [record for record in batch if record.offset >= position]
        if not todo:
            return []
        first = todo[0].offset
        if offsets != sorted(offsets) or (first != position and self._gaps.get(partition) != first):
            self._gaps[partition] = first
            consumer.seek(partition, position)
            return []
        self._gaps.pop(partition, None)
        return todo
