"""Where the log ends now, and whether it still is the log that a position was taken in.

It has a connection of its own: Kafka answers the requests of one connection in turn, and a consumer's waits for
records.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Literal

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.positions import Position
from shared.bus.record_times import RecordTimes
from shared.credentials import KafkaAccess
from shared.kafka_clients import client_options
from shared.topics import TOPICS

Standing = Literal["at_end", "behind", "another_log"]

_WITHIN_S = 1.0


def standing(position: Position, end: int, end_later: int, known: bool) -> Standing:
    """Judge a position that was read after `end` was asked for, and before `end_later` was.

    `known` tells whether the log holds a record that the position remembers. Pure.
    """
    if position.offset > end_later or not known:
        return "another_log"
    return "at_end" if position.offset >= end else "behind"


class LogEnds:
    """Asks Kafka about its logs; every call is bounded in time."""

    def __init__(self, kafka: KafkaAccess | str) -> None:
        self._kafka = kafka
        self._record_times = RecordTimes(kafka)
        self._client: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: the cluster can't be reached.
        """
        self._client = AIOKafkaConsumer(
            **client_options(self._kafka), enable_auto_commit=False, request_timeout_ms=5_000
        )
        await self._client.start()
        await self._record_times.start()

    async def aclose(self) -> None:
        """Disconnect."""
        await self._record_times.aclose()
        if self._client is not None:
            await self._client.stop()

    async def of(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Give the end offsets: what has been acknowledged lies before them.

        Raises:
            KafkaError, TimeoutError: a partition's leader doesn't answer.
        """
        async with asyncio.timeout(_WITHIN_S):
            return dict(await self._connected().end_offsets(list(partitions)))

    async def beginnings(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Give the offsets of the oldest records that are left (raises as `of` does)."""
        async with asyncio.timeout(_WITHIN_S):
            return dict(await self._connected().beginning_offsets(list(partitions)))

    async def judge(
        self, positions: Mapping[TopicPartition, Position], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, Standing]:
        """Say how `positions`, read after `ends`, stand (raises as `of` does)."""
        beyond = [it for it, position in positions.items() if position.offset > ends[it]]
        later = await self.of(beyond) if beyond else {}
        strange = await self.strange(positions)
        return {
            it: standing(position, ends[it], later.get(it, ends[it]), it not in strange)
            for it, position in positions.items()
        }

    async def strange(self, positions: Mapping[TopicPartition, Position]) -> set[TopicPartition]:
        """Tell which partitions' logs aren't those that `positions` were taken in (raises as `of` does).

        Only compacted logs keep the record of the latest time for good: of others it can't be told.
        """
        async with asyncio.timeout(_WITHIN_S):
            doubtful = await self._unrecognised(
                {it: position for it, position in positions.items() if TOPICS[it.topic].cleanup == "compact"}
            )
            times = {it: position.latest_ms for it, position in doubtful.items() if position.latest_ms is not None}
            found = await self._connected().offsets_for_times(times) if times else {}
        return {it for it, ms in times.items() if found.get(it) is None or found[it].timestamp != ms}

    async def _unrecognised(self, positions: Mapping[TopicPartition, Position]) -> dict[TopicPartition, Position]:
        """Leave out those whose previous record is where it was: nearly all, and Kafka needn't search for it."""
        previous = {it: position.offset - 1 for it, position in positions.items() if position.previous_ms is not None}
        found = await self._record_times.at(previous) if previous else {}
        recognised = {it for it, ms in found.items() if ms == positions[it].previous_ms}
        return {it: position for it, position in positions.items() if it not in recognised}

    def _connected(self) -> AIOKafkaConsumer:
        if self._client is None:
            raise RuntimeError("the log's ends are asked before the start")
        return self._client
