"""Which records follow a position: none is skipped, whatever is in hand."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from shared.bus.positions import Position
from shared.bus.turns import Turns

PARTITION = TopicPartition("topic", 0)


class Seeks:
    """A Kafka consumer that notes where it is sent."""

    def __init__(self) -> None:
        self.to: list[int] = []
        self.assigned = {PARTITION}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition == PARTITION
        self.to.append(offset)

    def assignment(self) -> set[TopicPartition]:
        return self.assigned


@pytest.fixture
def kafka() -> Seeks:
    return Seeks()


@pytest.fixture
def turns(kafka: Seeks) -> Turns:
    turns = Turns()
    turns.begin(kafka, PARTITION, Position(50))
    kafka.to.clear()
    return turns


def take(turns: Turns, kafka: Seeks, *offsets: int) -> list[int]:
    records: list[Any] = [SimpleNamespace(offset=offset) for offset in offsets]
    return [it.offset for it in turns.take(kafka, PARTITION, records)]


def test_records_that_follow_the_position_are_applied(turns: Turns, kafka: Seeks) -> None:
    assert take(turns, kafka, 48, 49, 50, 51) == [50, 51]
    assert kafka.to == []


@pytest.mark.parametrize(("times", "latest_ms"), [((5, 9, 7), 9), ((1, 2, 3), 4)], ids=["in the batch", "before it"])
def test_position_knows_the_latest_time_and_that_of_the_record_before_it(
    turns: Turns, kafka: Seeks, times: tuple[int, ...], latest_ms: int
) -> None:
    turns.begin(kafka, PARTITION, Position(50, latest_ms=4, previous_ms=4))
    records: list[Any] = [SimpleNamespace(offset=50 + n, timestamp=ms) for n, ms in enumerate(times)]
    assert turns.after(PARTITION, records) == Position(53, latest_ms=latest_ms, previous_ms=times[-1])


def test_records_beyond_the_position_are_read_again_from_it(turns: Turns, kafka: Seeks) -> None:
    assert take(turns, kafka, 70, 71) == []
    assert kafka.to == [50]
    assert take(turns, kafka, 50, 51) == [50, 51]


def test_gap_that_compaction_left_is_passed_once_it_was_read_twice(turns: Turns, kafka: Seeks) -> None:
    assert take(turns, kafka, 70, 71) == []
    assert take(turns, kafka, 70, 71) == [70, 71]
    assert kafka.to == [50]


def test_records_fetched_from_two_positions_are_read_again(turns: Turns, kafka: Seeks) -> None:
    assert take(turns, kafka, 70, 50, 51) == []
    assert kafka.to == [50]


def test_what_is_in_hand_of_lost_partitions_is_dropped_without_a_seek(turns: Turns, kafka: Seeks) -> None:
    turns.end(PARTITION)
    turns.read_again(kafka, [PARTITION])
    assert kafka.to == []
    assert not turns.has(PARTITION)


def test_records_out_of_order_are_read_again(turns: Turns, kafka: Seeks) -> None:
    assert take(turns, kafka, 50, 70, 51) == []
    assert kafka.to == [50]


def test_partition_that_was_lost_while_its_rows_were_written_stays_lost(turns: Turns) -> None:
    turns.end(PARTITION)
    turns.advance(PARTITION, Position(52))
    assert not turns.has(PARTITION), "it would be committed again and again, and the group would stand still"
    assert turns.offsets([PARTITION]) == {}


def test_partition_that_is_somebody_elses_is_not_begun(kafka: Seeks) -> None:
    kafka.assigned = set()
    turns = Turns()
    turns.begin(kafka, PARTITION, Position(50))
    assert not turns.has(PARTITION)
    assert kafka.to == []
