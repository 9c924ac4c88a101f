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
from shared.bus.consumer import MAX_BATCH, GroupConsumer
from shared.bus.handler import Handler
from shared.bus.positions import Positions
from shared.http.app import Readiness
from shared.settings import ServiceSettings
from shared.telemetry import Telemetry
from shared.topics import check_partitions

log = logging.getLogger(__name__)

CATCH_UP_WITHIN_S = 300.0
_CONNECT_WITHIN_S = 60.0
_STOP_WITHIN_S = 8.0
UNHURRIED_S = 0.1
"""Linger of groups that nobody waits for (audits, erasers): they leave the store to those who are waited for."""

Background = Callable[[], Coroutine[Any, Any, None]]


class Runtime:
    """The clients of one process of one service."""

    def __init__(self, service: str, settings: ServiceSettings) -> None:
        self.service = service
        self.settings = settings
        self.readiness = Readiness()
        self.telemetry = Telemetry(service, settings.otel_exporter_otlp_endpoint)
        self._mongo = mongo.connect(settings.mongo_url)
        self.database = mongo.database(self._mongo, settings.database)
        self.http = httpx.AsyncClient(timeout=httpx.Timeout(2.0), follow_redirects=False, trust_env=False)
        self.broker = create_broker(settings.kafka_bootstrap_servers, service, self.telemetry.broker_middlewares())
        self.sender = EventSender(self.broker, settings.publish_timeout_s)
        self.authenticator = Authenticator(
            JwksKeys(settings.token_jwks_url, self.http),
            settings.token_issuer,
            settings.token_audience,
            settings.token_algorithm,
        )
        self._consumers: list[GroupConsumer] = []

    def consume(
        self, group: str, handlers: Mapping[str, Handler], max_batch: int = MAX_BATCH, linger_s: float = 0.0
    ) -> GroupConsumer:
        """Declare this process a member of `group`; it joins when the service runs."""
        positions = Positions(self.database["positions"], group)
        consumer = GroupConsumer(group, self.broker, handlers, positions, self.sender, max_batch, linger_s)
        self._consumers.append(consumer)
        return consumer

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
            stack.callback(self._mongo.close)
            stack.push_async_callback(self.http.aclose)
            for close in closes:
                stack.push_async_callback(close)
            self.readiness.waiting_for("Kafka")
            await self._reach_kafka()
            for start in starts:
                await start()
            stack.push_async_callback(self.broker.stop)
            await self.broker.start()
            become_ready = self._become_ready if catch_up else self._ready_at_once
            tasks = [asyncio.create_task(_persist(become_ready, once=True))]
            tasks += [asyncio.create_task(self._once_caught_up(work)) for work in background]
            try:
                yield
            finally:
                self.readiness.waiting_for("its end")
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks, timeout=_STOP_WITHIN_S)

    async def _reach_kafka(self) -> None:
        async with asyncio.timeout(_CONNECT_WITHIN_S):
            while True:
                try:
                    await check_partitions(
                        self.settings.kafka_bootstrap_servers,
                        {topic for consumer in self._consumers for topic in consumer.topics},
                    )
                except KafkaConnectionError:
                    log.warning("Kafka can't be reached yet")
                    await asyncio.sleep(0.5)
                else:
                    return

    async def _become_ready(self) -> None:
        self.readiness.waiting_for("the read models")
        for consumer in self._consumers:
            await consumer.caught_up_with(await consumer.end_offsets(), CATCH_UP_WITHIN_S)
        self.readiness.ready()

    async def _ready_at_once(self) -> None:
        self.readiness.ready()

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
