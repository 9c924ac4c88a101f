"""FastStream's seams, so that a subscriber hands over Kafka's records as they are and never commits by itself."""

from typing import Any

from aiokafka import TopicPartition
from faststream.kafka import KafkaMessage


async def parse(record: Any) -> KafkaMessage:
    """Wrap a record; FastStream's own parser fails on headers that aren't UTF-8, out of the quarantine's reach."""
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    return KafkaMessage(body=b"", headers=headers, raw_message=record, consumer=_NeverCommits())


async def leave_encoded(_: Any) -> None:
    """Decode nothing: the contract does, record by record."""
    return


class _NeverCommits:
    """For acknowledgements: the group's consumer commits explicit offsets."""

    async def commit(self) -> None:
        return

    def seek(self, partition: TopicPartition, offset: int) -> None:
        return
