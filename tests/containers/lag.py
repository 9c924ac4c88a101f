"""How far the consumer groups are behind, in seconds: until each has committed what was in the log at a moment."""

import asyncio
import math
import time

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.credentials import KafkaAccess
from shared.kafka_clients import admin_client, client_options
from shared.topics import GROUPS, TOPICS

_ASK_EVERY_S = 0.2
_TOPICS = {group: [it.name for it in TOPICS.values() if group in it.readers] for group in GROUPS}


class Lag:
    """Watches all groups; `longest_s` is the longest time that they took."""

    def __init__(self, kafka: KafkaAccess) -> None:
        self._kafka = kafka
        self.longest_s = 0.0

    async def watch(self) -> None:
        """Measure again and again until cancelled; a broker that doesn't answer counts as being behind."""
        while True:
            began = time.monotonic()
            try:
                await self._caught_up()
            finally:
                self.longest_s = max(self.longest_s, time.monotonic() - began)
            await asyncio.sleep(_ASK_EVERY_S)

    async def gone(self, within_s: float) -> float:
        """Wait until every group has committed what is in the log now; give how long that took, in seconds.

        Raises:
            TimeoutError: it took longer.
        """
        began = time.monotonic()
        await self._caught_up(began + within_s)
        return time.monotonic() - began

    async def _caught_up(self, give_up_at: float = math.inf) -> None:
        # By the clock and not by `asyncio.timeout`: aiokafka's clients swallow a cancellation while they close.
        ends: dict[TopicPartition, int] | None = None
        while time.monotonic() < give_up_at:
            try:
                ends = ends if ends is not None else await self._ends()
                if await self._have_committed(ends):
                    return
            except (KafkaError, OSError):
                pass  # it may be restarting
            await asyncio.sleep(_ASK_EVERY_S)
        raise TimeoutError("a consumer group is still behind")

    async def _ends(self) -> dict[TopicPartition, int]:
        async with AIOKafkaConsumer(**client_options(self._kafka)) as consumer:
            names = {name for topics in _TOPICS.values() for name in topics}
            partitions = [TopicPartition(name, n) for name in names for n in range(TOPICS[name].partitions)]
            ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
            return ends

    async def _have_committed(self, ends: dict[TopicPartition, int]) -> bool:
        admin: AIOKafkaAdminClient = admin_client(self._kafka)
        await admin.start()
        try:
            for group, topics in _TOPICS.items():
                committed = await admin.list_consumer_group_offsets(group)
                offsets = {partition: at.offset for partition, at in committed.items()}
                if any(end > offsets.get(it, 0) for it, end in ends.items() if it.topic in topics):
                    return False
        finally:
            await admin.close()
        return True
