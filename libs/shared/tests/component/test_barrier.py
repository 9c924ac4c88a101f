"""When a change counts as having arrived: by a commit that can be believed, or once no lease can hold any more."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.broker import Place
from shared.bus.log_ends import LogEnds
from shared.consistency import Barrier, Enforcer, clock
from shared.consistency.barrier import LEASES_ARE_OVER_S
from shared.testing.events import sending, visibility_changed
from shared.testing.groups import asking
from shared.topics import VISIBILITY_CHANGES


@asynccontextmanager
async def barrier_of(
    kafka: str, log_ends: LogEnds, *enforcers: Enforcer, lease_answers: bool = True
) -> AsyncGenerator[Barrier, None]:
    barrier = Barrier(kafka, enforcers, log_ends, lease_answers=lease_answers)
    await barrier.start()
    yield barrier
    await barrier.aclose()


@pytest.fixture
async def log_ends(kafka: str) -> AsyncGenerator[LogEnds, None]:
    async with asking(kafka) as it:
        yield it


async def commit(kafka: str, group: str, place: Place, offset: int) -> None:
    partition = TopicPartition(place.topic, place.partition)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.commit({partition: offset})
    finally:
        await consumer.stop()


async def send(kafka: str) -> Place:
    async with sending(kafka) as sender:
        return await sender.send(visibility_changed("ann"))


async def test_silent_leased_group_counts_once_its_leases_are_over(kafka: str, log_ends: LogEnds) -> None:
    place, began = await send(kafka), clock()
    async with barrier_of(kafka, log_ends, Enforcer("silent")) as barrier:
        places = await barrier.wait([place], began, 5.0)
    assert clock() - began >= LEASES_ARE_OVER_S
    assert [it.state for it in places] == ["lease"]
    assert places[0].ms is not None
    assert places[0].ms >= LEASES_ARE_OVER_S * 1000


async def test_leases_are_not_over_before_the_wait_is(kafka: str, log_ends: LogEnds) -> None:
    place = await send(kafka)
    async with barrier_of(kafka, log_ends, Enforcer("silent")) as barrier:
        places = await barrier.wait([place], clock(), LEASES_ARE_OVER_S / 2)
    assert [it.state for it in places] == ["pending"]


@pytest.mark.parametrize(
    ("enforcer", "lease_answers"),
    [(Enforcer("silent", leased=False), True), (Enforcer("silent"), False)],
    ids=["commit_only", "no lease is answered"],
)
async def test_group_that_counts_by_its_commit_alone_stays_pending(
    kafka: str, log_ends: LogEnds, enforcer: Enforcer, *, lease_answers: bool
) -> None:
    place = await send(kafka)
    async with barrier_of(kafka, log_ends, enforcer, lease_answers=lease_answers) as barrier:
        places = await barrier.wait([place], clock(), LEASES_ARE_OVER_S + 0.2)
    assert [it.state for it in places] == ["pending"]


async def test_commit_beyond_the_end_is_not_believed_until_it_changes(kafka: str, log_ends: LogEnds) -> None:
    place = await send(kafka)
    await commit(kafka, "lost", place, place.offset + 2)
    async with barrier_of(kafka, log_ends, Enforcer("lost", leased=False)) as barrier:
        before = await barrier.wait([place], clock(), 0.5)
        # The log has grown to where the commit points: it is no more to be believed than before.
        while (last := await send(kafka)).partition != place.partition:
            continue
        meanwhile = await barrier.wait([last], clock(), 0.5)
        await commit(kafka, "lost", place, place.offset + 1)
        after = await barrier.wait([place], clock(), 5.0)
    assert [it.state for it in (*before, *meanwhile, *after)] == ["pending", "pending", "applied"]


async def test_group_that_is_far_ahead_is_believed(kafka: str, log_ends: LogEnds) -> None:
    place = await send(kafka)
    partition = TopicPartition(VISIBILITY_CHANGES.name, place.partition)
    while (end := (await log_ends.of([partition]))[partition]) < place.offset + 3:
        await send(kafka)
    await commit(kafka, "ahead", place, end)
    async with barrier_of(kafka, log_ends, Enforcer("ahead", leased=False)) as barrier:
        places = await barrier.wait([place], clock(), 5.0)
    assert [it.state for it in places] == ["applied"]
