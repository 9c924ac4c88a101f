"""The peer of a revocation: the least that its guarantee needs, by the stores' own clients and nothing else.

The truth is read and written by compare-and-set, the event acknowledged by all in-sync replicas; a consumer is given
it, writes the row and commits; the commit is asked for until it is seen. One process, in a topic, a group and a
database of its own, removed at the end.
"""

import asyncio
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
_POLL_S = 0.001
_SEEN_WITHIN_S = 5.0
PARTS = ("read and compare-and-set the truth", "produce, acknowledged", "deliver, write the row, see the commit")


@dataclass(frozen=True, slots=True)
class RawChain:
    """The clients of the chain, connected."""

    database: mongo.Database
    producer: AIOKafkaProducer
    admin: AIOKafkaAdminClient

    async def revoke(self, event: VisibilityChanged) -> Sequence[float]:
        """Go through the chain once; give the milliseconds of each of `PARTS`.

        Raises:
            TimeoutError: the commit isn't seen in time.
        """
        truths = self.database["truth"]
        row = to_document(event.model_dump(mode="python"))
        await truths.insert_one({"_id": event.key, "version": event.version - 1})
        marks = [time.perf_counter()]
        known = await truths.find_one({"_id": event.key})
        if known is None:
            raise RuntimeError("the truth isn't there")
        await truths.update_one({"_id": event.key, "version": known["version"]}, {"$set": row})
        marks.append(time.perf_counter())
        body, key = event.model_dump_json().encode(), event.key.encode()
        sent = await self.producer.send_and_wait(_NAME, body, key=key, partition=0)
        marks.append(time.perf_counter())
        async with asyncio.timeout(_SEEN_WITHIN_S):
            await self._committed_beyond(sent.offset)
        marks.append(time.perf_counter())
        return [(later - earlier) * 1000 for earlier, later in pairwise(marks)]

    async def _committed_beyond(self, offset: int) -> None:
        coordinator = await self.admin.find_coordinator(_NAME)
        while True:
            committed = await self.admin.list_consumer_group_offsets(_NAME, coordinator, [_PARTITION])
            if committed[_PARTITION].offset > offset:
                return
            await asyncio.sleep(_POLL_S)


async def _apply_forever(consumer: AIOKafkaConsumer, rows: mongo.Collection) -> None:
    async for record in consumer:
        event = VisibilityChanged.model_validate_json(record.value)
        row = to_document(event.model_dump(mode="python"))
        await rows.update_one({"_id": event.key}, {"$set": row}, upsert=True)
        await consumer.commit({_PARTITION: record.offset + 1})


@asynccontextmanager
async def raw_chain(system: System) -> AsyncGenerator[RawChain, None]:
    """Connect, on the stores of `system`, with a consumer that applies what is sent."""
    kafka = system.kafka_bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(_NAME, 1, await _replicas(admin))])
        database = mongo.database(system.mongo, _NAME)
        try:
            async with (
                AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True) as producer,
                AIOKafkaConsumer(bootstrap_servers=kafka, group_id=_NAME, enable_auto_commit=False) as consumer,
            ):
                consumer.assign([_PARTITION])
                await consumer.seek_to_beginning(_PARTITION)
                async with asyncio.TaskGroup() as tasks:
                    applying = tasks.create_task(_apply_forever(consumer, database["rows"]))
                    yield RawChain(database, producer, admin)
                    applying.cancel()
        finally:
            await admin.delete_topics([_NAME])
            await system.mongo.drop_database(_NAME)
    finally:
        await admin.close()


async def _replicas(admin: AIOKafkaAdminClient) -> int:
    (described,) = await admin.describe_topics([VISIBILITY_CHANGES.name])
    return len(described["partitions"][0]["replicas"])
