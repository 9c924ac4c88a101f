"""The order rows → position → commit, and what holds a partition up, passes it or takes it back."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.cloudevents import headers_of
from shared.bus.positions import Position, PositionMovedError, Positions
from shared.consistency import Barrier, Enforcer
from shared.contracts import VisibilityChanged
from shared.mongo import Database
from shared.read_model import ReadModel, is_trusted
from shared.testing.apps import eventually
from shared.testing.events import sending, visibility_changed
from shared.testing.groups import Member, joined
from shared.topics import VISIBILITY_CHANGES

GROUP = "download"


class FailingAtFirst:
    """A handler that fails some times before it lets the rows be written."""

    contract = VisibilityChanged

    def __init__(self, rows: ReadModel[VisibilityChanged], failures: int) -> None:
        self.rows = rows
        self.failures = failures

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is lost")
        await self.rows.apply(events, places)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        await self.rows.quarantine(key, topic, partition, offset)


@asynccontextmanager
async def member(kafka: str, database: Database, handler: Any) -> AsyncGenerator[Member, None]:
    async with joined(kafka, GROUP, {VISIBILITY_CHANGES.name: handler}, Positions(database["positions"], GROUP)) as it:
        yield it


@pytest.fixture
def rows(database: Database) -> ReadModel[VisibilityChanged]:
    return ReadModel(database["images"], VisibilityChanged)


async def test_store_failure_blocks_and_nothing_is_passed(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    handler = FailingAtFirst(rows, failures=3)
    async with member(kafka, database, handler), sending(kafka) as sender:
        event = visibility_changed("ann")
        await sender.send(event)

        async def is_written() -> bool:
            return await rows.row(event.key) is not None

        await eventually(is_written)
        assert handler.failures == 0


async def test_position_remembers_when_the_record_before_it_was_sent(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    event = visibility_changed("ann")
    async with member(kafka, database, rows) as it, sending(kafka) as sender:
        place = await sender.send(event)
        await it.caught_up()
        partition = TopicPartition(place.topic, place.partition)
        stored = (await it.consumer.stored())[partition]
        forgetful = {partition: replace(stored, latest_ms=1)}
        assert stored.previous_ms == stored.latest_ms
        assert await it.log_ends.strange(forgetful) == set(), "the record before it is enough"


async def test_unreadable_record_is_quarantined_dead_lettered_and_passed(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    async with member(kafka, database, rows) as it, sending(kafka) as sender:
        event = visibility_changed("ann")
        partition = VISIBILITY_CHANGES.partition_of(event.key)
        await sender.send(event)
        bad = await sender.send_raw(
            VISIBILITY_CHANGES.name, partition, event.key.encode(), b"{broken", {"ce_type": "x"}
        )
        barrier = Barrier(kafka, [Enforcer(GROUP, leased=False)], it.log_ends)
        await barrier.start()
        places = await barrier.wait([bad], 0.0, 10)
        await barrier.aclose()
        assert [place.state for place in places] == ["applied"], "the partition isn't blocked"
        assert not is_trusted(await rows.row(event.key))
        await it.caught_up()
    dead = AIOKafkaConsumer(f"{GROUP}.dlq", bootstrap_servers=kafka, auto_offset_reset="earliest")
    await dead.start()
    try:
        found = [await dead.getone()]
        while found[-1].key != event.key.encode():
            found.append(await dead.getone())
    finally:
        await dead.stop()
    headers = dict(found[-1].headers)
    assert found[-1].value == b"{broken"
    assert headers["pg_error"] == b"unknown_type_or_version"
    assert headers["pg_offset"] == str(bad.offset).encode()


async def test_unreadable_record_says_which_version_is_missing(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    first = visibility_changed("ann", version=1)
    partition = VISIBILITY_CHANGES.partition_of(first.key)
    third = visibility_changed("ann", first.key, "private", version=3)
    async with member(kafka, database, rows) as it, sending(kafka) as sender:
        await sender.send(first)
        await sender.send_raw(VISIBILITY_CHANGES.name, partition, first.key.encode(), b"{", headers_of(third))
        await sender.send(visibility_changed("ann", first.key, version=2))
        await it.caught_up()
        assert not is_trusted(await rows.row(first.key)), "a late record from before it"
        await sender.send(third)
        await it.caught_up()
        assert is_trusted(await rows.row(first.key))


async def test_restored_store_reads_again_from_its_own_position_not_from_kafkas_commit(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    event = visibility_changed("ann")
    partition = VISIBILITY_CHANGES.partition_of(event.key)
    positions = Positions(database["positions"], GROUP)
    async with member(kafka, database, rows) as it, sending(kafka) as sender:
        place = await sender.send(event)
        await it.caught_up()
    await database["images"].delete_many({})
    await positions.start(VISIBILITY_CHANGES.name, partition, place.offset)

    async with member(kafka, database, rows) as it:
        await it.caught_up()
        row = await rows.row(event.key)
        assert row is not None


async def test_position_above_the_end_is_begun_again(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    event = visibility_changed("ann")
    partition = VISIBILITY_CHANGES.partition_of(event.key)
    positions = Positions(database["positions"], GROUP)
    async with sending(kafka) as sender:
        await sender.send(event)
    await positions.start(VISIBILITY_CHANGES.name, partition, 1_000_000)
    async with member(kafka, database, rows) as it:

        async def is_written() -> bool:
            return await rows.row(event.key) is not None

        await eventually(is_written)
        stored = await positions.of(VISIBILITY_CHANGES.name, partition)
        assert stored is not None
        assert stored.offset < 1_000_000
        assert it.consumer.group == GROUP


async def test_position_moves_only_from_the_expected_one(database: Database) -> None:
    positions = Positions(database["positions"], GROUP)
    await positions.start("t", 0, 5)
    await positions.advance("t", 0, Position(5), Position(8, 100))
    with pytest.raises(PositionMovedError):
        await positions.advance("t", 0, Position(5), Position(9, 100))
    assert await positions.of("t", 0) == Position(8, 100)


async def test_consumers_position_that_was_moved_back_is_followed(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    first = visibility_changed("ann")
    partition = VISIBILITY_CHANGES.partition_of(first.key)
    positions = Positions(database["positions"], GROUP)
    async with member(kafka, database, rows) as it, sending(kafka) as sender:
        place = await sender.send(first)
        await it.caught_up()
        await database["images"].delete_many({})
        await positions.start(VISIBILITY_CHANGES.name, partition, place.offset)
        await sender.send(first)

        async def is_written_again() -> bool:
            return await rows.row(first.key) is not None

        await eventually(is_written_again)
        await it.caught_up()


async def test_every_commit_of_a_group_is_visible_to_the_barrier(
    kafka: str, database: Database, rows: ReadModel[VisibilityChanged]
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    async with member(kafka, database, rows) as it, sending(kafka) as sender:
        places = [await sender.send(visibility_changed("ann")) for _ in range(20)]
        await it.caught_up()

        async def is_committed() -> bool:
            committed = await admin.list_consumer_group_offsets(GROUP)
            at = {partition.partition: it.offset for partition, it in committed.items()}
            return all(at.get(place.partition, 0) > place.offset for place in places)

        await eventually(is_committed)
    await admin.close()
