"""The connection to Kafka: an idempotent producer with acks=all, and how an event is sent."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.structs import RecordMetadata
from faststream.kafka import KafkaBroker

from shared.bus.cloudevents import headers_of
from shared.contracts import Event
from shared.credentials import KafkaAccess
from shared.kafka_clients import broker_security
from shared.topics import TOPICS

_log = logging.getLogger("shared.bus.kafka")
# FastStream warns at every start that it won't make topics: that is meant.
_log.addFilter(lambda record: "Auto create topics" not in record.getMessage())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies in the log."""

    topic: str
    partition: int
    offset: int


def create_broker(kafka: KafkaAccess | str, client_id: str, middlewares: list[Any]) -> KafkaBroker:
    """Make a broker that never makes topics by itself and whose producer can't double or lose what was acknowledged."""
    access = KafkaAccess.of(kafka)
    return KafkaBroker(
        access.bootstrap_servers.split(","),
        security=broker_security(access),
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        request_timeout_ms=10_000,
        # Each client asks again at this pace while a broker is away: a faster one slows the broker's start.
        retry_backoff_ms=250,
        metadata_max_age_ms=30_000,
        graceful_timeout=10.0,
        middlewares=middlewares,
        logger=_log,
        log_level=logging.DEBUG,
    )


class EventSender:
    """Sends events, each bounded in time, by a broker that nothing else uses: it may have to be started anew."""

    def __init__(self, broker: KafkaBroker, timeout_s: float) -> None:
        self._broker = broker
        self._timeout_s = timeout_s
        self._renewing = asyncio.Lock()
        self._renewals = 0

    async def send(self, event: Event) -> Place:
        """Send `event` to its topic and give its place once all in-sync replicas have it.

        Raises:
            TimeoutError: not acknowledged in time; it may still arrive.
            KafkaError: the cluster refuses it.
        """
        body = event.model_dump_json().encode()
        partition = TOPICS[event.topic].partition_of(event.key)
        return await self.send_raw(event.topic, partition, event.key.encode(), body, headers_of(event))

    async def send_raw(
        self, topic: str, partition: int, key: bytes | None, body: bytes, headers: dict[str, str]
    ) -> Place:
        """Send bytes as they are (see `send`)."""
        renewals = self._renewals
        async with asyncio.timeout(self._timeout_s):
            try:
                written = await self._publish(topic, partition, key, body, headers)
            except OutOfOrderSequenceNumber:
                # The log was made anew or lost its end: the producer's numbers don't fit it any more, and never will.
                await self._renew(renewals)
                written = await self._publish(topic, partition, key, body, headers)
        return Place(topic, written.partition, written.offset)

    async def _publish(
        self, topic: str, partition: int, key: bytes | None, body: bytes, headers: dict[str, str]
    ) -> RecordMetadata:
        return await self._broker.publish(body, topic, key=key, partition=partition, headers=headers)

    async def _renew(self, renewals: int) -> None:
        async with self._renewing:
            if self._renewals == renewals:
                await self._broker.stop()
                await self._broker.start()
                self._renewals += 1
