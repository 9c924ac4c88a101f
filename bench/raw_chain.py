"""The peer of a revocation: the least that its guarantee needs, by the stores' own clients, one after the other.

Two journalled writes (the truth, and the row of a read model), the event acknowledged by all in-sync replicas, the
commit of a consumer group: in a topic, a group and a database of their own, removed at the end.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.system import System
from shared import mongo
from shared.contracts import VisibilityChanged
from shared.read_model import to_document
from shared.topics import VISIBILITY_CHANGES

_NAME = "bench-raw-chain"
_PARTITION = TopicPartition(_NAME, 0)
PARTS = ("write the truth", "produce, acknowledged", "write the row", "commit the offset")


@dataclass(frozen=True, slots=True)
class RawChain:
    """The clients of the chain, connected."""

    database: mongo.Database
    producer: AIOKafkaProducer
    consumer: AIOKafkaConsumer

    async def revoke(self, event: VisibilityChanged) -> Sequence[float]:
        """Go through the chain once; give the milliseconds of each of `PARTS`."""
        row = to_document(event.model_dump(mode="python"))
        marks = [time.perf_counter()]
        await self.database["truth"].update_one({"_id": event.key}, {"$set": row}, upsert=True)
        marks.append(time.perf_counter())
        body, key = event.model_dump_json().encode(), event.key.encode()
        sent = await self.producer.send_and_wait(_NAME, body, key=key, partition=0)
        marks.append(time.perf_counter())
        await self.database["rows"].update_one({"_id": event.key}, {"$set": row}, upsert=True)
        marks.append(time.perf_counter())
        await self.consumer.commit({_PARTITION: sent.offset + 1})
        marks.append(time.perf_counter())
        return [(later - earlier) * 1000 for earlier, later in pairwise(marks)]


@asynccontextmanager
async def raw_chain(system: System) -> AsyncGenerator[RawChain, None]:
    """Connect, on the stores of `system`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.kafka_bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(_NAME, 1, await _replicas(admin))])
        try:
            async with (
                AIOKafkaProducer(
                    bootstrap_servers=system.kafka_bootstrap_servers, acks="all", enable_idempotence=True
                ) as producer,
                AIOKafkaConsumer(
                    bootstrap_servers=system.kafka_bootstrap_servers, group_id=_NAME, enable_auto_commit=False
                ) as consumer,
            ):
                consumer.assign([_PARTITION])
                consumer.pause(_PARTITION)  # it commits and never reads
                yield RawChain(mongo.database(system.mongo, _NAME), producer, consumer)
        finally:
            await admin.delete_topics([_NAME])
            await system.mongo.drop_database(_NAME)
    finally:
        await admin.close()


async def _replicas(admin: AIOKafkaAdminClient) -> int:
    (described,) = await admin.describe_topics([VISIBILITY_CHANGES.name])
    return len(described["partitions"][0]["replicas"])
