"""The lease: for how long a replica may trust the rows of its own store.

Several times in L it notes the time, asks Kafka where the log ends, reads the stored positions, and holds every
partition whose position has reached its end to be as fresh as that time. The order is the argument: a record that
was acknowledged before the time lies before the end, and its row was written before the position that reached it.
So L after an acknowledgement no replica trusts rows from before it, whatever state its consumer is in.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from shared.bus.consumer import GroupConsumer
from shared.bus.log_ends import LogEnds
from shared.bus.positions import Position
from shared.mongo import StoreError
from shared.topics import L_MAX, TOPICS

log = logging.getLogger(__name__)
_meter = metrics.get_meter("shared.consistency")
_lag = _meter.create_gauge("consumer.lag", description="records that a group has yet to apply, for each topic")

EVERY_S = L_MAX / 4
_SOON_S = 0.03
_SOON_AT_MOST = 6
_RENEWED_WITHIN_S = 0.1


def clock() -> float:
    """Give seconds that also count while the machine sleeps; only their differences mean anything."""
    source = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(source)


class Lease:
    """How fresh the rows of one consumer group are, as this replica knows it."""

    def __init__(
        self, consumer: GroupConsumer, log_ends: LogEnds, every_s: float = EVERY_S, length_s: float = L_MAX
    ) -> None:
        if length_s > L_MAX:
            raise ValueError(f"a lease of {length_s} s is longer than the {L_MAX} s that others wait for")
        self._consumer = consumer
        self._log_ends = log_ends
        self._every_s = every_s
        self._length_s = length_s
        self._fresh_as_of: dict[TopicPartition, float] = {}
        self._behind: dict[TopicPartition, Position] = {}
        self._renewed = asyncio.Event()
        _meter.create_observable_gauge("read_model.age", callbacks=[self._ages], unit="s")

    @property
    def consumer(self) -> GroupConsumer:
        """The group whose rows it is about."""
        return self._consumer

    def is_fresh(self, topic: str, key: str) -> bool:
        """Tell whether the row of `key` may be trusted if it is read after this call."""
        as_of = self._fresh_as_of.get(_partition(topic, key))
        return as_of is not None and clock() - as_of <= self._length_s

    async def holds(self, topic: str, key: str) -> bool:
        """Tell whether the row of `key` may be trusted if it is read after this call.

        A lease that ran out just now, as when this process was held up, may be renewed in a moment: worth a wait
        that is shorter than asking somebody else.
        """
        if self.is_fresh(topic, key):
            return True
        as_of = self._fresh_as_of.get(_partition(topic, key))
        if as_of is None or clock() - as_of > self._length_s + L_MAX:
            return False
        with suppress(TimeoutError):
            async with asyncio.timeout(_RENEWED_WITHIN_S):
                await self._renewed.wait()
        return self.is_fresh(topic, key)

    async def keep_forever(self) -> None:
        """Renew the lease until cancelled; soon again, some times, for a partition that is just being worked off.

        One that nobody decides by hurries only until its group has caught up for the first time.
        """
        soon = 0
        while True:
            try:
                is_everywhere = await self.renew()
            except (KafkaError, StoreError, TimeoutError, OSError) as error:
                log.warning("lease not renewed", extra={"error": type(error).__name__})
                is_everywhere, soon = False, _SOON_AT_MOST
            soon = 0 if is_everywhere else soon + 1
            await asyncio.sleep(_SOON_S if 0 < soon <= _SOON_AT_MOST and self._hurries() else self._every_s)

    async def renew(self) -> bool:
        """Look once at every partition; tell whether all are at their end.

        Raises:
            KafkaError, StoreError, TimeoutError: the log or the store can't be asked; nothing is renewed.
        """
        began = clock()
        ends = await self._log_ends.of(self._consumer.partitions())
        stored = await self._consumer.stored()
        standings = await self._log_ends.judge(stored, ends)
        self._tell_lag(ends, stored)
        for partition, standing in standings.items():
            if standing == "at_end":
                self._fresh_as_of[partition] = began
                self._behind.pop(partition, None)
                continue
            if standing == "another_log":
                self._fresh_as_of.pop(partition, None)
                await self._consumer.begin_anew(partition)
            elif self._behind.get(partition) == stored[partition]:
                await self._consumer.follow(partition, stored[partition])
            self._behind[partition] = stored[partition]
        # Whoever waits now is woken; whoever comes later waits for the next round.
        self._renewed.set()
        self._renewed = asyncio.Event()
        return not self._behind

    async def caught_up(self, within_s: float) -> None:
        """Return once the rows hold all that was acknowledged before this call.

        Raises:
            TimeoutError: they don't in time.
        """
        began = clock()
        async with asyncio.timeout(within_s):
            while any(self._fresh_as_of.get(it, 0.0) < began for it in self._consumer.partitions()):
                await self._renewed.wait()

    def _hurries(self) -> bool:
        return self._every_s <= EVERY_S or len(self._fresh_as_of) < len(self._consumer.partitions())

    def _tell_lag(self, ends: dict[TopicPartition, int], stored: dict[TopicPartition, Position]) -> None:
        for topic in self._consumer.topics:
            lag = sum(max(0, ends[it] - stored[it].offset) for it in ends if it.topic == topic)
            _lag.set(lag, {"group": self._consumer.group, "topic": topic})

    def _ages(self, _: CallbackOptions) -> Iterable[Observation]:
        now = clock()
        for partition, as_of in list(self._fresh_as_of.items()):
            at = {"group": self._consumer.group, "topic": partition.topic, "partition": partition.partition}
            yield Observation(now - as_of, at)


def _partition(topic: str, key: str) -> TopicPartition:
    return TopicPartition(topic, TOPICS[topic].partition_of(key))
