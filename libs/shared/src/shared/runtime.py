"""What every service's composition root builds alike, and the one order in which it starts and ends.

Constructing opens nothing; `running` connects, starts the consumers, waits until they have caught up, says ready;
at the end it says not ready, stops the background work, leaves the groups and closes.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from aiokafka.errors import KafkaConnectionError

from shared import mongo
from shared.auth import Authenticator, JwksKeys
from shared.bus.broker import EventSender, create_broker
from shared.bus.consumer import MAX_BATCH
from shared.bus.handler import Handler
from shared.bus.log_ends import LogEnds
from shared.consistency import Barrier, Lease, parse_enforcers
from shared.consistency.lease import EVERY_S
from shared.ending import cancelled
from shared.guards import Guards
from shared.http.app import Readiness
from shared.settings import ServiceSettings
from shared.telemetry import Telemetry
from shared.topics import check_partitions

log = logging.getLogger(__name__)

CATCH_UP_WITHIN_S = 300.0
_CONNECT_WITHIN_S = 60.0
_STOP_WITHIN_S = 8.0
UNHURRIED_S = 0.25
"""Linger of groups that nobody waits for (audits, erasers): they leave the store to those who are waited for."""
UNHURRIED_LEASE_S = 1.0
"""How often such a group looks whether its log is still the one it knows."""

Background = Callable[[], Coroutine[Any, Any, None]]


class Runtime:
    """The clients of one process of one service."""

    def __init__(self, service: str, settings: ServiceSettings, guards: Guards) -> None:
        self.service = service
        self.settings = settings
        self.guards = guards
        self.readiness = Readiness()
        self.telemetry = Telemetry(service, settings.otel_exporter_otlp_endpoint)
        self._mongo = mongo.connect(settings.mongo_url, settings.mongo_login)
        self.database = mongo.database(self._mongo, settings.database)
        self.http = httpx.AsyncClient(timeout=httpx.Timeout(3.0, connect=1.0), follow_redirects=False, trust_env=False)
        self.broker = create_broker(settings.kafka, service, self.telemetry.broker_middlewares())
        self._publishing = create_broker(settings.kafka, service, self.telemetry.broker_middlewares())
        self.sender = EventSender(self._publishing, settings.publish_timeout_s)
        self.log_ends = LogEnds(settings.kafka)
        self.authenticator = Authenticator(
            JwksKeys(settings.token_jwks_url, self.http),
            settings.token_issuer,
            settings.token_audience,
            settings.token_algorithm,
        )
        self._leases: list[Lease] = []

    def consume(
        self, group: str, handlers: Mapping[str, Handler], max_batch: int = MAX_BATCH, linger_s: float = 0.0
    ) -> Lease:
        """Declare this process a member of `group`, which joins when the service runs; give the lease of its rows."""
        guards = self.guards
        consumer = guards.consumer(
            group,
            self.broker,
            handlers,
            guards.positions(self.database["positions"], group),
            self.sender,
            self.log_ends,
            max_batch,
            linger_s,
        )
        lease = guards.lease(consumer, self.log_ends, every_s=UNHURRIED_LEASE_S if linger_s else EVERY_S)
        self._leases.append(lease)
        return lease

    def barrier(self, enforcers: str, *, by_lease: bool = True) -> Barrier:
        """Make the barrier of `enforcers`, a setting such as `download,reports:commit_only`; give it to `starts`.

        `by_lease` false: only commits count, for groups whose work is more than keeping rows.
        """
        lease_answers = by_lease and self.settings.lease_answers == 200  # noqa: PLR2004 - an HTTP status
        return self.guards.barrier(
            self.settings.kafka,
            parse_enforcers(enforcers),
            self.log_ends,
            lease_answers=lease_answers,
        )

    @asynccontextmanager
    async def running(
        self,
        starts: Sequence[Callable[[], Awaitable[None]]] = (),
        background: Sequence[Background] = (),
        closes: Sequence[Callable[[], Awaitable[None]]] = (),
        *,
        catch_up: bool = True,
    ) -> AsyncGenerator[None, None]:
        """Run the service: `starts` after Kafka is reached, `background` until the end, `closes` last.

        `catch_up` false: ready at once, for a consumer of work that waits in its topic as long as it takes.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self.telemetry.close)
            stack.push_async_callback(self._mongo.close)
            stack.push_async_callback(self.http.aclose)
            for close in closes:
                stack.push_async_callback(close)
            self.readiness.waiting_for("Kafka")
            await self._reach_kafka()
            stack.push_async_callback(self.log_ends.aclose)
            await self.log_ends.start()
            for start in starts:
                await start()
            stack.push_async_callback(self.sender.aclose)
            await self._publishing.start()
            stack.push_async_callback(self.broker.stop)
            await self.broker.start()
            become_ready = self._become_ready if catch_up else self._ready_at_once
            tasks = [asyncio.create_task(_persist(become_ready, once=True))]
            tasks += [asyncio.create_task(_persist(lease.keep_forever)) for lease in self._leases]
            tasks += [asyncio.create_task(self._once_caught_up(work)) for work in background]
            try:
                yield
            finally:
                self.readiness.waiting_for("its end")
                log.info("ending")
                try:
                    await cancelled(tasks, _STOP_WITHIN_S)
                except TimeoutError:
                    log.error("background work doesn't end")

    async def _reach_kafka(self) -> None:
        async with asyncio.timeout(_CONNECT_WITHIN_S) as limit:
            while not limit.expired():  # the admin client may swallow the cancellation
                try:
                    await check_partitions(
                        self.settings.kafka,
                        {topic for lease in self._leases for topic in lease.consumer.topics},
                    )
                except KafkaConnectionError:
                    log.warning("Kafka can't be reached yet")
                    await asyncio.sleep(0.5)
                else:
                    return
        raise TimeoutError("Kafka can't be reached")

    async def _become_ready(self) -> None:
        self.readiness.waiting_for("the read models")
        for lease in self._leases:
            await lease.caught_up(CATCH_UP_WITHIN_S)
        await self._ready_at_once()

    async def _ready_at_once(self) -> None:
        self.readiness.ready()
        log.info("ready")

    async def _once_caught_up(self, work: Background) -> None:
        # Publishing before the audit has seen the log could hide what a restored store has forgotten.
        await self.readiness.caught_up.wait()
        await _persist(work)


async def _persist(work: Background, *, once: bool = False) -> None:
    """Do `work`, again and again when it fails; nobody else would notice that it ended."""
    backoff_s = 0.5
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - whatever failed, it must go on
            log.error("background work failed", extra={"error": type(error).__name__})
        else:
            if once:
                return
        await asyncio.sleep(backoff_s)
        backoff_s = min(backoff_s * 2, 30.0)
