"""What the consumer does when its own calls fail."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import TopicPartition

from shared.bus.positions import Position, Positions
from shared.contracts import VisibilityChanged
from shared.mongo import Collection, Database
from shared.read_model import ReadModel
from shared.testing.apps import eventually
from shared.testing.events import sending, visibility_changed
from shared.testing.groups import Member, joined
from shared.topics import VISIBILITY_CHANGES

GROUP = "download"


class FailingPositions(Positions):
    """Positions of a store that is lost for the first few reads."""

    failures = 3

    async def of(self, topic: str, partition: int) -> Position | None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is lost")
        return await super().of(topic, partition)


async def test_store_lost_during_assignment_silences_no_partition(kafka: str, database: Database) -> None:
    rows = ReadModel(database["images"], VisibilityChanged)
    positions = FailingPositions(database["positions"], GROUP)
    async with joined(kafka, GROUP, {VISIBILITY_CHANGES.name: rows}, positions), sending(kafka) as sender:
        events = [visibility_changed("ann") for _ in range(8)]
        for event in events:
            await sender.send(event)

        async def all_written() -> bool:
            return all([await rows.row(event.key) is not None for event in events])

        await eventually(all_written)
        assert positions.failures == 0


class HeldPositions(Positions):
    """Positions that take as long to be moved as the test wants."""

    def __init__(self, collection: Collection, group: str) -> None:
        super().__init__(collection, group)
        self.is_moving = asyncio.Event()
        self.may_go_on = asyncio.Event()

    async def advance(self, topic: str, partition: int, expected: Position, to: Position) -> None:
        self.is_moving.set()
        await self.may_go_on.wait()
        await super().advance(topic, partition, expected, to)


async def test_partition_lost_while_its_position_is_moved_holds_nobody_up(kafka: str, database: Database) -> None:
    rows = ReadModel(database["images"], VisibilityChanged)
    held = HeldPositions(database["positions"], GROUP)
    async with joined(kafka, GROUP, {VISIBILITY_CHANGES.name: rows}, held) as first, sending(kafka) as sender:

        async def first_has_all() -> bool:
            has = [first.consumer._turns.has(at) for at in first.consumer.partitions()]
            return len(has) == VISIBILITY_CHANGES.partitions and all(has)

        for _ in range(12):  # who gets which partition is chance: until the second has got the one that is in hand
            # The embedded broker never ends a rebalance that another one begins in.
            await eventually(first_has_all, 30)
            held.is_moving.clear()
            held.may_go_on.clear()
            event = visibility_changed("ann")
            in_hand = TopicPartition(VISIBILITY_CHANGES.name, VISIBILITY_CHANGES.partition_of(event.key))
            await sender.send(event)
            await held.is_moving.wait()
            async with joined(kafka, GROUP, {VISIBILITY_CHANGES.name: rows}, held) as second:

                async def both_have_theirs(second: Member = second) -> bool:
                    has = [[it.consumer._turns.has(at) for at in it.consumer.partitions()] for it in (first, second)]
                    return all(any(it) for it in has)

                await eventually(both_have_theirs)
                is_lost = second.consumer._turns.has(in_hand)
                held.may_go_on.set()
                for _ in range(24):
                    await sender.send(visibility_changed("ann"))
                await second.caught_up()
                if is_lost:
                    return


class SeenPositions(Positions):
    """Positions that remember from where they were to be moved."""

    def __init__(self, collection: Collection, group: str) -> None:
        super().__init__(collection, group)
        self.moved_from: list[int] = []

    async def advance(self, topic: str, partition: int, expected: Position, to: Position) -> None:
        self.moved_from.append(expected.offset)
        await super().advance(topic, partition, expected, to)


class Reassigning(ReadModel[VisibilityChanged]):
    """Rows whose writing takes so long that the partition comes back meanwhile, to be read from its beginning."""

    on_second: Callable[[], Awaitable[None]]
    written = 0

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        await super().apply(events, places)
        self.written += 1
        if self.written == 2:
            await self.on_second()


async def test_partition_that_came_back_over_its_rows_is_not_committed_as_it_stood(
    kafka: str, database: Database
) -> None:
    rows = Reassigning(database["images"], VisibilityChanged)
    positions = SeenPositions(database["positions"], GROUP)
    event = visibility_changed("ann")
    at = TopicPartition(VISIBILITY_CHANGES.name, VISIBILITY_CHANGES.partition_of(event.key))
    async with joined(kafka, GROUP, {VISIBILITY_CHANGES.name: rows}, positions) as member, sending(kafka) as sender:

        async def come_back() -> None:
            await member.consumer.on_partitions_revoked([at])
            await positions.start(at.topic, at.partition, 0)
            await member.consumer.on_partitions_assigned([at])

        rows.on_second = come_back
        await sender.send(event)
        await member.caught_up()
        await sender.send(event)
        await member.caught_up()
        assert positions.moved_from[:2] == [0, 0]
