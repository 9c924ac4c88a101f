"""Whether a log is the one that a position was taken in: by the record right before it, else by the latest one."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.bus.log_ends import LogEnds
from shared.bus.positions import Position
from shared.bus.record_times import RecordTimes
from shared.testing.events import sending, visibility_changed
from shared.testing.groups import asking
from shared.topics import VISIBILITY_CHANGES

pytestmark = pytest.mark.timeout(60)

SENT_MS = (1_000, 2_000, 5_000, 3_000, 4_000)
IMAGE = "img_1"
AT = TopicPartition(VISIBILITY_CHANGES.name, VISIBILITY_CHANGES.partition_of(IMAGE))
OTHER = TopicPartition(AT.topic, (AT.partition + 1) % VISIBILITY_CHANGES.partitions)


@pytest.fixture
async def log_ends(kafka: str) -> AsyncGenerator[LogEnds, None]:
    async with asking(kafka) as log_ends:
        yield log_ends


@pytest.fixture
async def times(kafka: str) -> AsyncGenerator[RecordTimes, None]:
    times = RecordTimes(kafka)
    await times.start()
    try:
        yield times
    finally:
        await times.aclose()


@pytest.fixture
async def offsets(kafka: str) -> list[int]:
    """Records of `SENT_MS`, in one batch."""
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        batch = producer.create_batch()
        for ms in SENT_MS:
            batch.append(key=IMAGE.encode(), value=b"{}", timestamp=ms)
        last = await (await producer.send_batch(batch, AT.topic, partition=AT.partition))
    return [last.offset + number for number in range(len(SENT_MS))]


async def test_times_are_those_of_the_very_records(times: RecordTimes, offsets: list[int]) -> None:
    assert [await times.at({AT: offset}) for offset in offsets] == [{AT: ms} for ms in SENT_MS]
    assert await times.at({AT: offsets[-1] + 1}) == {}, "nothing is there yet"
    assert await times.at({AT: offsets[-1] + 2}) == {}, "beyond the end"


async def test_times_in_many_partitions_are_asked_for_at_once(
    kafka: str, times: RecordTimes, offsets: list[int]
) -> None:
    drawn = (visibility_changed("bob") for _ in range(1000))
    event = next(it for it in drawn if VISIBILITY_CHANGES.partition_of(it.key) == OTHER.partition)
    async with sending(kafka) as sender:
        place = await sender.send(event)
    found = await times.at({AT: offsets[3], OTHER: place.offset})
    assert found[AT] == SENT_MS[3]
    assert found[OTHER] > SENT_MS[3]


Judge = Callable[[Position], Awaitable[bool]]


@pytest.fixture
def is_known(log_ends: LogEnds) -> Judge:
    async def judge(position: Position) -> bool:
        return AT not in await log_ends.strange({AT: position})

    return judge


@pytest.fixture
def position(offsets: list[int]) -> Position:
    """A position before the last record, after one that isn't the latest."""
    return Position(offsets[4], latest_ms=max(SENT_MS), previous_ms=SENT_MS[3])


async def test_log_with_the_previous_record_is_known(is_known: Judge, position: Position) -> None:
    assert await is_known(position)
    assert await is_known(replace(position, latest_ms=1)), "without a search"


async def test_log_whose_previous_record_is_gone_is_known_by_the_latest(is_known: Judge, position: Position) -> None:
    """Compaction took it away; or the position is from before it was remembered."""
    assert await is_known(replace(position, previous_ms=1))
    assert await is_known(replace(position, previous_ms=None))


@pytest.mark.parametrize("previous_ms", [1, None])
async def test_log_with_neither_is_another_one(is_known: Judge, position: Position, previous_ms: int | None) -> None:
    assert not await is_known(replace(position, latest_ms=1, previous_ms=previous_ms))


async def test_nothing_was_read_and_any_log_is_known(is_known: Judge) -> None:
    assert await is_known(Position(0))
