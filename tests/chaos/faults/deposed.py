"""A broker that led a partition, slept until another one led it, and answers as its leader when it wakes up."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import AIOKafkaConnection, create_conn
from aiokafka.errors import KafkaError
from aiokafka.protocol.offset import OffsetRequest
from tests.chaos.topics import admin_of

from shared.topics import VISIBILITY_CHANGES

_CONSUMER, _UNCOMMITTED, _LATEST = -1, 0, -1
_WITHIN_S = 5.0


class Question:
    """Where one partition ends, asked of the broker that leads it on a connection from before it fell asleep."""

    def __init__(self, kafka: str, node: int, partition: TopicPartition, connection: AIOKafkaConnection) -> None:
        self._kafka = kafka
        self._node = node
        self._partition = partition
        self._connection = connection
        self._answer: asyncio.Future[Any] | None = None

    def ask(self) -> None:
        """Ask: a sleeping broker finds the question before it hears of anything else."""
        asked = [(self._partition.topic, [(self._partition.partition, _LATEST)])]
        self._answer = asyncio.ensure_future(self._connection.send(OffsetRequest(_CONSUMER, _UNCOMMITTED, asked)))

    async def is_led_by_another(self) -> bool:
        """Tell whether the cluster has another leader for the partition."""
        try:
            async with asyncio.timeout(_WITHIN_S), admin_of(self._kafka) as admin:
                return self._partition not in await _led_by(admin, self._node)
        except (KafkaError, OSError, TimeoutError):
            return False

    async def is_answered(self) -> bool:
        """Tell whether the broker, awake again, answered as the leader."""
        if self._answer is None:
            return False
        try:
            async with asyncio.timeout(_WITHIN_S):
                ((_, ((_, error_code, *_),)),) = (await self._answer).topics
        except (KafkaError, OSError, TimeoutError):
            return False
        return bool(error_code == 0)


@asynccontextmanager
async def question_to(kafka: str, node: int) -> AsyncGenerator[Question | None, None]:
    """Give a question that `node` is to find; None: it leads nothing, or is the only one."""
    async with admin_of(kafka) as admin:
        brokers = {it["node_id"]: it for it in (await admin.describe_cluster())["brokers"]}
        led = await _led_by(admin, node)
    if len(brokers) == 1 or not led:
        yield None
        return
    connection = await create_conn(brokers[node]["host"], brokers[node]["port"])
    try:
        yield Question(kafka, node, min(led), connection)
    finally:
        connection.close()


async def _led_by(admin: AIOKafkaAdminClient, node: int) -> set[TopicPartition]:
    topics = await admin.describe_topics([VISIBILITY_CHANGES.name])
    return {
        TopicPartition(topic["topic"], partition["partition"])
        for topic in topics
        for partition in topic["partitions"]
        if partition["leader"] == node
    }
