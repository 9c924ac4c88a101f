"""What the consumer does when its own calls fail, or when records in hand aren't those that follow the position."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.bus.broker import EventSender, create_broker
from shared.bus.consumer import GroupConsumer
from shared.bus.positions import Positions
from shared.contracts import VisibilityChanged
from shared.mongo import Database
from shared.read_model import ReadModel
from shared.testing.apps import eventually
from shared.testing.events import sending, visibility_changed
from shared.topics import VISIBILITY_CHANGES

GROUP = "download"
PARTITION = TopicPartition(VISIBILITY_CHANGES.name, 0)


class FailingPositions(Positions):
    """Positions of a store that is lost for the first few reads."""

    failures = 3

    async def of(self, topic: str, partition: int) -> int | None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is lost")
        return await super().of(topic, partition)


class Seeks:
    """A Kafka consumer that notes where it is sent, and has records in hand."""

    def __init__(self) -> None:
        self.to: list[int] = []

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition == PARTITION
        self.to.append(offset)


@asynccontextmanager
async def member(kafka: str, database: Database, positions: Positions) -> AsyncGenerator[GroupConsumer, None]:
    broker = create_broker(kafka, "tests", [])
    rows = ReadModel(database["images"], VisibilityChanged)
    consumer = GroupConsumer(GROUP, broker, {VISIBILITY_CHANGES.name: rows}, positions, EventSender(broker, 5))
    async with broker:
        await broker.start()
        yield consumer


async def test_store_lost_during_assignment_silences_no_partition(kafka: str, database: Database) -> None:
    rows = ReadModel(database["images"], VisibilityChanged)
    positions = FailingPositions(database["positions"], GROUP)
    async with member(kafka, database, positions), sending(kafka) as sender:
        events = [visibility_changed("ann") for _ in range(8)]
        for event in events:
            await sender.send(event)

        async def all_written() -> bool:
            return all([await rows.row(event.key) is not None for event in events])

        await eventually(all_written)
        assert positions.failures == 0


def records(*offsets: int) -> list[Any]:
    return [SimpleNamespace(offset=offset) for offset in offsets]


@pytest.fixture
def consumer(kafka: str, database: Database) -> GroupConsumer:
    broker = create_broker(kafka, "tests", [])
    rows = ReadModel(database["images"], VisibilityChanged)
    made = GroupConsumer(
        GROUP, broker, {VISIBILITY_CHANGES.name: rows}, Positions(database["positions"], GROUP), EventSender(broker, 5)
    )
    made._at[PARTITION] = 50
    return made


def in_turn(consumer: GroupConsumer, kafka: Seeks, *offsets: int) -> list[int]:
    return [it.offset for it in consumer._in_turn(kafka, PARTITION, records(*offsets))]


def test_records_that_follow_the_position_are_applied(consumer: GroupConsumer) -> None:
    kafka = Seeks()
    assert in_turn(consumer, kafka, 48, 49, 50, 51) == [50, 51]
    assert kafka.to == []


def test_records_beyond_the_position_are_read_again_from_it(consumer: GroupConsumer) -> None:
    kafka = Seeks()
    assert in_turn(consumer, kafka, 70, 71) == []
    assert kafka.to == [50]
    assert in_turn(consumer, kafka, 50, 51) == [50, 51]


def test_gap_that_compaction_left_is_passed_once_it_was_read_twice(consumer: GroupConsumer) -> None:
    kafka = Seeks()
    assert in_turn(consumer, kafka, 70, 71) == []
    assert in_turn(consumer, kafka, 70, 71) == [70, 71]
    assert kafka.to == [50]


def test_records_fetched_from_two_positions_are_read_again(consumer: GroupConsumer) -> None:
    kafka = Seeks()
    assert in_turn(consumer, kafka, 70, 50, 51) == []
    assert kafka.to == [50]
