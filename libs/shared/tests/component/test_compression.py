"""Compressed events: whatever the setting says is what the log gets, and every reader reads it."""

import asyncio
from typing import Any, get_args

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatch

from shared.bus.broker import EventSender, Place, create_broker
from shared.bus.cloudevents import decode
from shared.bus.record_times import RecordTimes
from shared.contracts import Event, VisibilityChanged
from shared.credentials import Compression, KafkaAccess
from shared.testing.events import visibility_changed

pytestmark = pytest.mark.timeout(60)

ALIKE = 30
CODECS = {
    "none": DefaultRecordBatch.CODEC_NONE,
    "gzip": DefaultRecordBatch.CODEC_GZIP,
    "snappy": DefaultRecordBatch.CODEC_SNAPPY,
    "lz4": DefaultRecordBatch.CODEC_LZ4,
    "zstd": DefaultRecordBatch.CODEC_ZSTD,
}


@pytest.mark.parametrize("compression", get_args(Compression))
async def test_alike_events_are_compressed_as_is_set_and_read_by_all(
    kafka: str, compression: Compression, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [visibility_changed("ann", "img_1", "private", version=it) for it in range(1, ALIKE + 1)]
    answer, codecs = AIOKafkaClient.send, set[int]()

    async def seen(self: AIOKafkaClient, node_id: int, request: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest):
            codecs.update(DefaultRecordBatch(batch).compression_type for batch in batches_of(request))
        return await answer(self, node_id, request, **options)

    monkeypatch.setattr(AIOKafkaClient, "send", seen)

    places = await sent(KafkaAccess(kafka, compression=compression), events)

    assert codecs == {CODECS[compression]}
    assert await read(kafka, places) == events
    assert await time_at(kafka, places[-1]) is not None


def batches_of(request: ProduceRequest) -> list[bytes]:
    return [batch for _, partitions in request._topics for _, batch in partitions]


async def sent(kafka: KafkaAccess, events: list[VisibilityChanged]) -> list[Place]:
    broker = create_broker(kafka, "tests", [])
    await broker.start()
    sender = EventSender(broker, 5.0)
    try:
        return await asyncio.gather(*(sender.send(event) for event in events))
    finally:
        await sender.aclose()


async def read(kafka: str, places: list[Place]) -> list[Event]:
    partition = TopicPartition(places[0].topic, places[0].partition)
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        consumer.assign([partition])
        consumer.seek(partition, places[0].offset)
        records: list[Any] = []
        while len(records) < len(places):
            records += (await consumer.getmany(timeout_ms=1_000)).get(partition, [])
        return [decode(VisibilityChanged, it.key, it.value, it.headers) for it in records]


async def time_at(kafka: str, place: Place) -> int | None:
    times, partition = RecordTimes(kafka), TopicPartition(place.topic, place.partition)
    await times.start()
    try:
        return (await times.at({partition: place.offset})).get(partition)
    finally:
        await times.aclose()
