"""When single records were sent, asked for by their offsets.

A consumer can't be asked that: it fetches ahead of whatever it is sought to.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record import MemoryRecords

from shared.credentials import KafkaAccess
from shared.kafka_clients import client_options

_AT_ONCE, _ANY_SIZE, _UNCOMMITTED = 0, 0, 0
_BATCH_BYTES = 64 * 1024
"""Four times what a producer puts into one batch: Kafka gives whole batches, the first of them is enough."""


class RecordTimes:
    """Reads records' times from the leaders of their partitions."""

    def __init__(self, kafka: KafkaAccess | str) -> None:
        self._kafka = kafka
        self._client: AIOKafkaClient | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: the cluster can't be reached.
        """
        self._client = AIOKafkaClient(**client_options(self._kafka), request_timeout_ms=5_000)
        await self._client.bootstrap()

    async def aclose(self) -> None:
        """Disconnect."""
        if self._client is not None:
            await self._client.close()

    async def at(self, offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Give the times in ms of the records at `offsets`.

        Without those that aren't there (compaction takes records away), and those whose leader doesn't answer.
        """
        client = self._connected()
        by_leader: dict[int, list[TopicPartition]] = defaultdict(list)
        for topic in {partition.topic for partition in offsets}:
            await client.add_topic(topic)  # learns its leaders, the first time
        for partition in offsets:
            leader = client.cluster.leader_for_partition(partition)
            if leader is None or leader < 0:
                client.force_metadata_update()
            else:
                by_leader[leader].append(partition)
        asked = (self._ask(client, leader, offsets, partitions) for leader, partitions in by_leader.items())
        return {partition: ms for found in await asyncio.gather(*asked) for partition, ms in found.items()}

    async def _ask(
        self,
        client: AIOKafkaClient,
        leader: int,
        offsets: Mapping[TopicPartition, int],
        partitions: Iterable[TopicPartition],
    ) -> dict[TopicPartition, int]:
        by_topic: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        for it in partitions:
            by_topic[it.topic].append((it.partition, offsets[it], _BATCH_BYTES))
        most = _BATCH_BYTES * sum(map(len, by_topic.values()))
        try:
            answer = await client.send(
                leader, FetchRequest(_AT_ONCE, _ANY_SIZE, most, _UNCOMMITTED, list(by_topic.items()))
            )
        except KafkaError:
            return {}
        found: dict[TopicPartition, int] = {}
        for topic, answers in answer.topics:
            for number, error_code, *_, raw in answers:
                partition = TopicPartition(topic, number)
                if error_code:
                    client.force_metadata_update()
                elif (ms := _time_of(offsets[partition], raw)) is not None:
                    found[partition] = ms
        return found

    def _connected(self) -> AIOKafkaClient:
        if self._client is None:
            raise RuntimeError("records' times are asked for before the start")
        return self._client


def _time_of(offset: int, raw: bytes | None) -> int | None:
    """Find the record in the first batch of `raw`: Kafka answers with the batch that it is in, or a later one."""
    batch: Any = MemoryRecords(raw or b"").next_batch()
    return next((record.timestamp for record in batch or () if record.offset == offset), None)
