"""The barrier: waits until every enforcer has a record, by its commit or because its leases have run out.

A group commits after its rows are written and its position has moved, and all its replicas serve from those rows.
A leased group that doesn't commit (frozen, cut off) trusts no older view once the longest lease has passed since
the acknowledgement; the barrier waits a tenth longer, for clocks that don't tick alike. One poller serves all who
wait in this process, and runs only while somebody waits.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from opentelemetry import metrics

from shared.bus.broker import Place
from shared.bus.log_ends import LogEnds
from shared.consistency.lease import clock
from shared.consistency.places import Enforcer, PlaceView
from shared.credentials import KafkaAccess
from shared.ending import cancelled
from shared.kafka_clients import admin_client
from shared.topics import L_MAX

log = logging.getLogger(__name__)
_meter = metrics.get_meter("shared.consistency")
_waited = _meter.create_histogram("revocation.ms", unit="ms", description="from the change to its enforcement")

_POLL_FIRST_S, _POLL_LAST_S = 0.001, 0.01
_NOT_BEFORE = 0.7
"""Of the usual wait: asking earlier only takes from the consumer that is writing."""
LEASES_ARE_OVER_S = 1.1 * L_MAX
_POLL_AFTER_ERROR_S = 0.2
_ASK_WITHIN_S = 2.0
_KEEP_COORDINATOR_S = 1.0


@dataclass(eq=False, slots=True)
class _Waiter:
    needs: dict[TopicPartition, int]
    pending: set[str]
    began: float
    acknowledged: float
    applied_ms: dict[str, float] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Barrier:
    """Waits for the enforcers of one state topic.

    `lease_answers` false: only commits count, for a cluster whose deposed leaders may go on answering.
    """

    def __init__(
        self,
        kafka: KafkaAccess | str,
        enforcers: Iterable[Enforcer],
        log_ends: LogEnds,
        *,
        lease_answers: bool = True,
    ) -> None:
        self._kafka = kafka
        self._log_ends = log_ends
        self._admin: AIOKafkaAdminClient | None = None
        self._enforcers = tuple(enforcers)
        self._by_lease = {it.group for it in self._enforcers if it.leased and lease_answers}
        self._not_to_believe: dict[tuple[str, TopicPartition], int] = {}
        self._coordinators: dict[str, tuple[int, float]] = {}
        self._waiters: set[_Waiter] = set()
        self._poller: asyncio.Task[None] | None = None
        self._usual_s = 0.0

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: the cluster can't be reached.
        """
        self._admin = admin_client(self._kafka, request_timeout_ms=5_000)
        await self._admin.start()

    async def wait(self, places: Sequence[Place], began: float, timeout_s: float) -> list[PlaceView]:
        """Wait until the enforcers have `places`, or the time is over; say how far each is.

        Call it after the places were acknowledged: what the leases have to outlast is counted from here.
        `began` is `clock()` at the change: what `ms` counts from.
        """
        needs: dict[TopicPartition, int] = {}
        for place in places:
            partition = TopicPartition(place.topic, place.partition)
            needs[partition] = max(needs.get(partition, 0), place.offset + 1)
        acknowledged, by_lease = clock(), set[str]()
        waiter = _Waiter(needs, {it.group for it in self._enforcers} if needs else set(), began, acknowledged)
        if waiter.pending:
            self._waiters.add(waiter)
            if self._poller is None or self._poller.done():
                self._poller = asyncio.create_task(self._poll())
            try:
                await self._wait_until(waiter, acknowledged + min(timeout_s, LEASES_ARE_OVER_S))
                if waiter.pending and clock() - acknowledged >= LEASES_ARE_OVER_S:
                    by_lease = waiter.pending & self._by_lease
                if waiter.pending - by_lease:
                    await self._wait_until(waiter, acknowledged + timeout_s)
                if not waiter.pending - by_lease:
                    _waited.record((clock() - began) * 1000, {"topic": places[0].topic})
            finally:
                self._waiters.discard(waiter)
        return [self._view(waiter, it.group, by_lease) for it in self._enforcers]

    def unreached(self) -> list[PlaceView]:
        """Say of a change that isn't even in the log yet that every group is pending."""
        return [PlaceView(name=it.group, state="pending", ms=None) for it in self._enforcers]

    async def aclose(self) -> None:
        """End the poller and disconnect."""
        if self._poller is not None:
            await cancelled([self._poller])
        if self._admin is not None:
            await self._admin.close()

    @staticmethod
    async def _wait_until(waiter: _Waiter, deadline: float) -> None:
        # In a loop: timers may stand still while the machine sleeps, and the clock doesn't.
        while waiter.pending and (left := deadline - clock()) > 0:
            try:
                async with asyncio.timeout(left):
                    await waiter.done.wait()
            except TimeoutError:
                continue

    def _view(self, waiter: _Waiter, group: str, by_lease: set[str]) -> PlaceView:
        if group not in waiter.pending:
            return PlaceView(name=group, state="applied", ms=waiter.applied_ms.get(group, 0.0))
        if group in by_lease:
            return PlaceView(name=group, state="lease", ms=round((clock() - waiter.began) * 1000, 1))
        return PlaceView(name=group, state="pending", ms=None)

    async def _poll(self) -> None:
        while self._waiters:
            try:
                for group in self._awaited():
                    await self._coordinator(group)
                await asyncio.sleep(min((self._pause(waiter) for waiter in self._waiters), default=0.0))
                for group in self._awaited():
                    self._note(group, await self._believable(group, await self._committed(group)))
            except (KafkaError, TimeoutError, OSError) as error:
                self._coordinators.clear()
                log.warning("offsets can't be asked", extra={"error": type(error).__name__})
                await asyncio.sleep(_POLL_AFTER_ERROR_S)

    def _awaited(self) -> set[str]:
        return {group for waiter in self._waiters for group in waiter.pending}

    def _pause(self, waiter: _Waiter) -> float:
        # A tenth of what it has waited: quick answers are worth many polls, slow ones few.
        waited = clock() - waiter.acknowledged
        return min(max(_NOT_BEFORE * self._usual_s - waited, waited / 10, _POLL_FIRST_S), _POLL_LAST_S)

    async def _coordinator(self, group: str) -> int:
        # A node that isn't the coordinator any more answers without a word of offsets: so it is asked for every second.
        node, until = self._coordinators.get(group, (None, 0.0))
        if node is None or clock() > until:
            async with asyncio.timeout(_ASK_WITHIN_S):
                node = await self._connected().find_coordinator(group)
            self._coordinators[group] = node, clock() + _KEEP_COORDINATOR_S
        return node

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        wanted = list({it for waiter in self._waiters if group in waiter.pending for it in waiter.needs})
        node = await self._coordinator(group)
        async with asyncio.timeout(_ASK_WITHIN_S):
            committed = await self._connected().list_consumer_group_offsets(group, node, wanted)
        return {partition: at.offset for partition, at in committed.items()}

    def _connected(self) -> AIOKafkaAdminClient:
        if self._admin is None:
            raise RuntimeError("the barrier isn't started")
        return self._admin

    async def _believable(self, group: str, committed: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Leave out commits beyond the end of the log: they are from another log, until they change.

        A commit just behind the record that is waited for needs no question: the record is in the log.
        """
        needs = [waiter.needs for waiter in self._waiters if group in waiter.pending]
        wanted = {partition for need in needs for partition in need}
        ahead = [it for it in wanted if committed.get(it, 0) > max(need.get(it, 0) for need in needs)]
        ends = await self._log_ends.of(ahead) if ahead else {}
        for partition, end in ends.items():
            if committed[partition] > end:
                self._not_to_believe[group, partition] = committed[partition]
        return {
            partition: offset
            for partition in wanted
            if (offset := committed.get(partition, 0)) != self._not_to_believe.get((group, partition))
        }

    def _note(self, group: str, committed: Mapping[TopicPartition, int]) -> None:
        now = clock()
        for waiter in self._waiters:
            if group in waiter.pending and all(
                committed.get(partition, 0) >= offset for partition, offset in waiter.needs.items()
            ):
                waiter.pending.discard(group)
                waiter.applied_ms[group] = round((now - waiter.began) * 1000, 1)
                if not waiter.pending:
                    self._usual_s += (min(now - waiter.acknowledged, 2 * _POLL_LAST_S) - self._usual_s) / 8
                    waiter.done.set()
