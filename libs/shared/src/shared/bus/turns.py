"""Which records follow a partition's position: what aiokafka has in hand may be from elsewhere.

It fetches from Kafka's commit while the stored positions are still being read, and goes on fetching while a handler
is being repeated. A record that was skipped would be a change that is never enforced.
"""

from collections.abc import Iterable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition


class Turns:
    """The positions of the assigned partitions, and what follows them."""

    def __init__(self) -> None:
        self._at: dict[TopicPartition, int] = {}
        self._gaps: dict[TopicPartition, int] = {}

    def begin(self, consumer: AIOKafkaConsumer, partition: TopicPartition, position: int) -> None:
        """Read `partition` from `position`."""
        self._at[partition] = position
        self._gaps.pop(partition, None)
        consumer.seek(partition, position)

    def end(self, partition: TopicPartition) -> None:
        """Forget a partition that is somebody else's now."""
        self._at.pop(partition, None)

    def has(self, partition: TopicPartition) -> bool:
        """Tell whether the partition is ours, with its position known."""
        return partition in self._at

    def at(self, partition: TopicPartition) -> int:
        """Give the offset of the next record to apply."""
        return self._at[partition]

    def advance(self, partition: TopicPartition, to: int) -> None:
        """Everything before `to` is applied."""
        self._at[partition] = to

    def read_again(self, consumer: AIOKafkaConsumer, partitions: Iterable[TopicPartition]) -> None:
        """Drop what is in hand of `partitions`: they are read from their positions."""
        for partition in partitions:
            if partition in self._at and partition in consumer.assignment():
                consumer.seek(partition, self._at[partition])

    def take(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, batch: Sequence[ConsumerRecord]
    ) -> list[ConsumerRecord]:
        """Give the records that follow the position; none, and read again from it, if they may leave a gap.

        A gap is real (compaction) only when reading from the position begins with the same record again.
        """
        position = self._at[partition]
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
