"""The log under test, and what a campaign does to it: raw records, group offsets, topics made anew."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, OffsetAndMetadata, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.topics import TOPICS, Topic

_WITHIN_S = 20.0
_COMPACTS_AT_ONCE = {
    "min.compaction.lag.ms": "0",
    "min.cleanable.dirty.ratio": "0.01",
    "segment.ms": "2000",
    "delete.retention.ms": "1000",
}


@asynccontextmanager
async def admin_of(bootstrap: str) -> AsyncGenerator[AIOKafkaAdminClient, None]:
    """Give an admin client."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    async with asyncio.timeout(_WITHIN_S):
        await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def make_topics(bootstrap: str, names: Iterable[str] = tuple(TOPICS), *, anew: bool = True) -> None:
    """Make topics as production does, but with compaction that doesn't wait seven days; `anew` drops old ones first."""
    async with admin_of(bootstrap) as admin:
        brokers = (await admin.describe_cluster())["brokers"]
        wanted = [TOPICS[name] for name in names]
        if anew:
            there = set(await admin.list_topics())
            old = [topic.name for topic in wanted if topic.name in there]
            if old:
                await admin.delete_topics(old)
        await _made(admin, wanted, min(3, len(brokers)))


async def _made(admin: AIOKafkaAdminClient, topics: list[Topic], factor: int) -> None:
    async with asyncio.timeout(_WITHIN_S):
        while topics:
            answer = await admin.create_topics(
                [NewTopic(it.name, it.partitions, factor, topic_configs=_configuration(it, factor)) for it in topics]
            )
            failed = {name: for_code(code) for name, code, *_ in answer.topic_errors if code}
            if any(error is not TopicAlreadyExistsError for error in failed.values()):
                raise next(error for error in failed.values() if error is not TopicAlreadyExistsError)
            topics = [topic for topic in topics if topic.name in failed]  # an old one is still being deleted
            if topics:
                await asyncio.sleep(0.2)


def _configuration(topic: Topic, factor: int) -> dict[str, str]:
    safe = {"min.insync.replicas": "2"} if factor > 1 else {}
    return topic.configuration() | safe | (_COMPACTS_AT_ONCE if topic.cleanup == "compact" else {})


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it is in the log."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    offset: int = -1

    @classmethod
    def of(cls, record: ConsumerRecord) -> "Raw":
        """Take over a consumed record."""
        return cls(record.topic, record.partition, record.key, record.value, tuple(record.headers), record.offset)


async def records_of(bootstrap: str, topic: str) -> list[Raw]:
    """Read a whole topic, partition by partition."""
    partitions = [TopicPartition(topic, number) for number in range(TOPICS[topic].partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    found: list[Raw] = []
    async with asyncio.timeout(_WITHIN_S):
        await consumer.start()
        try:
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            await consumer.seek_to_beginning(*partitions)
            while any([await consumer.position(it) < end for it, end in ends.items()]):
                batch = await consumer.getmany(timeout_ms=200)
                found += [Raw.of(record) for records in batch.values() for record in records]
        finally:
            await consumer.stop()
    return sorted(found, key=lambda it: (it.partition, it.offset))


async def write(bootstrap: str, records: Iterable[Raw]) -> None:
    """Append records as they are, in order."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", request_timeout_ms=10_000)
    async with asyncio.timeout(_WITHIN_S):
        await producer.start()
        try:
            for it in records:
                await producer.send_and_wait(
                    it.topic, it.value, key=it.key, partition=it.partition, headers=list(it.headers)
                )
        finally:
            await producer.stop()


async def ends_of(bootstrap: str, topic: str) -> dict[TopicPartition, int]:
    """Ask where a topic's partitions end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    async with asyncio.timeout(_WITHIN_S):
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(TOPICS[topic].partitions)]
            return dict(await consumer.end_offsets(partitions))
        finally:
            await consumer.stop()


async def commit(bootstrap: str, group: str, offsets: dict[TopicPartition, int]) -> bool:
    """Write a group's offsets as a tool would; give whether the broker took them (a group must be empty for that)."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    async with asyncio.timeout(_WITHIN_S):
        await consumer.start()
        try:
            consumer.assign(list(offsets))
            await consumer.commit({it: OffsetAndMetadata(offset, "") for it, offset in offsets.items()})
        except KafkaError:
            return False
        finally:
            await consumer.stop()
    return True
