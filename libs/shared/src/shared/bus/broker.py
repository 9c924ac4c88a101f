"""The connection to Kafka: an idempotent producer with acks=all, and how an event is sent."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from aiokafka.errors import (
    DuplicateSequenceNumber,
    KafkaError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownProducerId,
)
from aiokafka.structs import RecordMetadata
from faststream.exceptions import IncorrectState
from faststream.kafka import KafkaBroker

from shared.bus.cloudevents import headers_of
from shared.contracts import Event
from shared.credentials import KafkaAccess
from shared.ending import cancelled
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
        compression_type=None if access.compression == "none" else access.compression,
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
        self._renewal: asyncio.Task[None] | None = None
        self._renewals = 0
        self._closed = False

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
            except KafkaError as error:
                if not _ends_its_producer(error):
                    raise
                await self._renewed_since(renewals)
                written = await self._publish(topic, partition, key, body, headers)
        if written.offset < 0:
            # aiokafka's success without a place, of a record that the log had already: no barrier could wait for it.
            raise DuplicateSequenceNumber
        return Place(topic, written.partition, written.offset)

    async def aclose(self) -> None:
        """Stop the broker; nothing is sent any more."""
        self._closed = True
        if self._renewal is not None:
            await cancelled([self._renewal])
        await self._broker.stop()

    async def _publish(
        self, topic: str, partition: int, key: bytes | None, body: bytes, headers: dict[str, str]
    ) -> RecordMetadata:
        try:
            return await self._broker.publish(body, topic, key=key, partition=partition, headers=headers)
        except IncorrectState:  # FastStream has no producer while its broker is started anew
            raise ProducerClosed from None

    async def _renewed_since(self, renewals: int) -> None:
        # One renewal for all who need it, and to its end whoever stops waiting: half a one would leave no producer.
        if self._closed:
            raise ProducerClosed
        if self._renewals == renewals:
            if self._renewal is None or self._renewal.done():
                self._renewal = asyncio.create_task(self._renew())
            await asyncio.shield(self._renewal)

    async def _renew(self) -> None:
        await self._broker.stop()
        await self._broker.start()
        self._renewals += 1


def _ends_its_producer(error: KafkaError) -> bool:
    """Tell whether a producer that failed so never sends anything again.

    Its numbers don't fit the log any more, which was made anew, lost its end, or took a record whose acknowledgement
    was lost; or its background task has died, which aiokafka tells by the bare class.
    """
    numbers = OutOfOrderSequenceNumber | UnknownProducerId | ProducerFenced
    return type(error) is KafkaError or isinstance(error, numbers | ProducerClosed)
