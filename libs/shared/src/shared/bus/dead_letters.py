"""What can't be decoded: quarantined first, then kept as it came on the group's own topic."""

import logging

from aiokafka import ConsumerRecord
from opentelemetry import metrics

from shared.bus.broker import EventSender
from shared.bus.cloudevents import readable_key, sequence_of
from shared.bus.handler import Handler
from shared.topics import dead_letter_topic

log = logging.getLogger(__name__)
_dead_letters = metrics.get_meter("shared.bus").create_counter(
    "consumer.dead_letters", description="records that could not be decoded"
)


class DeadLetters:
    """The dead letters of one consumer group."""

    def __init__(self, group: str, sender: EventSender) -> None:
        self._group = group
        self._sender = sender

    async def take(self, handler: Handler, record: ConsumerRecord, reason: str) -> None:
        """Quarantine the record's key, or its partition without a readable one; then keep the record.

        Raises:
            StoreError, KafkaError, TimeoutError: one of the two isn't done; the record must not be passed.
        """
        key, version = readable_key(record.key), sequence_of(record.headers)
        await handler.quarantine(key, record.topic, record.partition, record.offset, version)
        headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
        headers |= {
            "pg_error": reason,
            "pg_topic": record.topic,
            "pg_partition": str(record.partition),
            "pg_offset": str(record.offset),
        }
        topic = dead_letter_topic(self._group).name
        await self._sender.send_raw(topic, 0, record.key, record.value or b"", headers)
        _dead_letters.add(1, {"group": self._group, "topic": record.topic, "reason": reason})
        log.error("dead letter", extra={"group": self._group, "topic": record.topic, "reason": reason})
