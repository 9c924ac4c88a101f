"""The barrier: waits until every enforcer group has committed beyond a record.

A group commits after its rows are written and its position has moved, and all its replicas serve from those rows.
One poller serves all who wait in this process, and runs only while somebody waits.
"""

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from opentelemetry import metrics

from shared.bus.broker import Place
from shared.consistency.places import Enforcer, PlaceView

log = logging.getLogger(__name__)
_meter = metrics.get_meter("shared.consistency")
_waited = _meter.create_histogram("revocation.ms", unit="ms", description="from the change to its enforcement")

POLL_EVERY_S = 0.002
_POLL_AFTER_ERROR_S = 0.2


@dataclass(eq=False, slots=True)
class _Waiter:
    needs: dict[TopicPartition, int]
    pending: set[str]
    began: float
    applied_ms: dict[str, float] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Barrier:
    """Waits for the enforcers of one state topic."""

    def __init__(self, bootstrap_servers: str, enforcers: Iterable[Enforcer]) -> None:
        self._bootstrap_servers = bootstrap_servers
        self._admin: AIOKafkaAdminClient | None = None
        self._groups = tuple(enforcer.group for enforcer in enforcers)
        self._waiters: set[_Waiter] = set()
        self._poller: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect.

        Raises:
            KafkaError: the cluster can't be reached.
        """
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap_servers, request_timeout_ms=5_000)
        await self._admin.start()

    async def wait(self, places: Sequence[Place], began: float, timeout_s: float) -> list[PlaceView]:
        """Wait until the groups have committed beyond `places`, or the time is over; say how far each is.

        `began` is `time.monotonic()` at the change: what `ms` counts from.
        """
        needs: dict[TopicPartition, int] = {}
        for place in places:
            partition = TopicPartition(place.topic, place.partition)
            needs[partition] = max(needs.get(partition, 0), place.offset + 1)
        waiter = _Waiter(needs, set(self._groups) if needs else set(), began)
        if waiter.pending:
            self._waiters.add(waiter)
            if self._poller is None or self._poller.done():
                self._poller = asyncio.create_task(self._poll())
            try:
                async with asyncio.timeout(timeout_s):
                    await waiter.done.wait()
                _waited.record((time.monotonic() - began) * 1000, {"topic": places[0].topic})
            except TimeoutError:
                pass  # the answer says what is pending
            finally:
                self._waiters.discard(waiter)
        return [self._view(waiter, group) for group in self._groups]

    def unreached(self) -> list[PlaceView]:
        """Say of a change that isn't even in the log yet that every group is pending."""
        return [PlaceView(name=group, state="pending", ms=None) for group in self._groups]

    async def aclose(self) -> None:
        """End the poller and disconnect."""
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        if self._admin is not None:
            await self._admin.close()

    def _view(self, waiter: _Waiter, group: str) -> PlaceView:
        if group in waiter.pending:
            return PlaceView(name=group, state="pending", ms=None)
        return PlaceView(name=group, state="applied", ms=waiter.applied_ms.get(group, 0.0))

    async def _poll(self) -> None:
        while self._waiters:
            wanted = {group for waiter in self._waiters for group in waiter.pending}
            pause = POLL_EVERY_S
            try:
                for group in wanted:
                    self._note(group, await self._committed(group))
            except (KafkaError, TimeoutError, OSError) as error:
                log.warning("offsets can't be asked", extra={"error": type(error).__name__})
                pause = _POLL_AFTER_ERROR_S
            await asyncio.sleep(pause)

    async def _committed(self, group: str) -> dict[TopicPartition, int]:
        if self._admin is None:
            raise RuntimeError("the barrier isn't started")
        async with asyncio.timeout(2):
            committed = await self._admin.list_consumer_group_offsets(group)
        return {partition: at.offset for partition, at in committed.items()}

    def _note(self, group: str, committed: dict[TopicPartition, int]) -> None:
        now = time.monotonic()
        for waiter in self._waiters:
            if group in waiter.pending and all(
                committed.get(partition, 0) >= offset for partition, offset in waiter.needs.items()
            ):
                waiter.pending.discard(group)
                waiter.applied_ms[group] = round((now - waiter.began) * 1000, 1)
                if not waiter.pending:
                    waiter.done.set()
