"""Compressed events: whatever the setting says is what the log gets, and every reader reads it."""

import asyncio
from typing import Any, get_args

import aiokafka.codec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatch

from shared.bus.broker import Place
from shared.bus.cloudevents import decode
from shared.bus.positions import Positions
from shared.contracts import Event, VisibilityChanged
from shared.credentials import Compression, KafkaAccess
from shared.mongo import Database
from shared.read_model import ReadModel
from shared.testing.apps import eventually
from shared.testing.events import sending, time_at, visibility_changed
from shared.testing.groups import joined
from shared.topics import VISIBILITY_CHANGES

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

    async with sending(KafkaAccess(kafka, compression=compression)) as sender:
        places = await asyncio.gather(*(sender.send(event) for event in events))

    assert codecs == {CODECS[compression]}
    assert await read(kafka, places) == events
    assert await time_at(kafka, places[-1]) is not None


async def test_group_that_does_not_know_the_kind_passes_nothing_and_trusts_nothing(
    kafka: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, tries = ReadModel(database["images"], VisibilityChanged), list[int]()

    def unknown() -> bool:
        tries.append(1)
        return False

    async def has_tried() -> bool:
        return bool(tries)

    handlers = {VISIBILITY_CHANGES.name: rows}
    async with joined(kafka, "download", handlers, Positions(database["positions"], "download")) as member:
        await member.caught_up()
        before, events = await member.consumer.stored(), [visibility_changed("ann") for _ in range(ALIKE)]
        member.consumer.pause()  # both are in this process: the sender must know the kind
        async with sending(KafkaAccess(kafka, compression="snappy")) as sender:
            await asyncio.gather(*(sender.send(event) for event in events))
        monkeypatch.setattr(aiokafka.codec, "has_snappy", unknown)
        member.consumer.resume()
        await eventually(has_tried)

        assert await member.consumer.stored() == before
        assert not await member.lease.renew()

        monkeypatch.undo()
        await member.caught_up()  # FastStream tries again after 15 s
        assert all([await rows.row(event.key) is not None for event in events])


def batches_of(request: ProduceRequest) -> list[bytes]:
    return [batch for _, partitions in request._topics for _, batch in partitions]


async def read(kafka: str, places: list[Place]) -> list[Event]:
    partition = TopicPartition(places[0].topic, places[0].partition)
    async with AIOKafkaConsumer(bootstrap_servers=kafka) as consumer:
        consumer.assign([partition])
        consumer.seek(partition, places[0].offset)
        records: list[Any] = []
        while len(records) < len(places):
            records += (await consumer.getmany(timeout_ms=1_000)).get(partition, [])
        return [decode(VisibilityChanged, it.key, it.value, it.headers) for it in records]
