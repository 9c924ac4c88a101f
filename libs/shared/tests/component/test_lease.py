"""A row is trusted only while its partition is known to be as new as the log was a moment ago."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.bus.positions import Positions
from shared.consistency import Lease, Sights, clock
from shared.contracts import VisibilityChanged
from shared.mongo import Database
from shared.read_model import ReadModel
from shared.runtime import UNHURRIED_LEASE_S
from shared.testing.apps import eventually
from shared.testing.events import sending, visibility_changed
from shared.testing.groups import Member, joined
from shared.topics import L_MAX, VISIBILITY_CHANGES

GROUP = "download"
TOPIC = VISIBILITY_CHANGES.name


@pytest.fixture
def rows(database: Database) -> ReadModel[VisibilityChanged]:
    return ReadModel(database["images"], VisibilityChanged)


@pytest.fixture
def positions(database: Database) -> Positions:
    return Positions(database["positions"], GROUP)


@pytest.fixture
async def member(kafka: str, rows: ReadModel[VisibilityChanged], positions: Positions) -> AsyncGenerator[Member, None]:
    async with joined(kafka, GROUP, {TOPIC: rows}, positions) as it:
        await it.caught_up()
        yield it


async def test_partition_that_is_behind_is_not_renewed(kafka: str, member: Member) -> None:
    lease, event = member.lease, visibility_changed("ann")
    assert not lease.is_fresh(TOPIC, event.key), "nothing is known before the first look"
    assert await lease.renew()
    assert lease.is_fresh(TOPIC, event.key)
    member.consumer.pause()
    async with sending(kafka) as sender:
        await sender.send(event)
    began = clock()
    assert not await lease.renew()

    async def has_run_out() -> bool:
        await lease.renew()
        return not lease.is_fresh(TOPIC, event.key)

    await eventually(has_run_out)
    assert clock() - began <= L_MAX + 0.5
    other = next(it for it in map(str, range(100)) if _partition(it) != _partition(event.key))
    assert lease.is_fresh(TOPIC, other), "the other partitions are as fresh as before"
    member.consumer.resume()
    await eventually(lease.renew)
    assert lease.is_fresh(TOPIC, event.key)


async def test_lease_can_be_shorter_but_never_longer_than_what_others_wait_for(member: Member) -> None:
    with pytest.raises(ValueError, match="longer"):
        Lease(member.consumer, member.log_ends, length_s=L_MAX * 1.01)
    lease = Lease(member.consumer, member.log_ends, length_s=0.0)
    await lease.renew()
    assert not lease.is_fresh(TOPIC, "img_1")


class Counting(Lease):
    """Notes when it is renewed, and holds that its group is always behind."""

    renewals: list[float]

    async def renew(self) -> bool:
        self.renewals.append(clock())
        return False


async def test_lease_that_nobody_decides_by_hurries_only_until_its_group_has_caught_up(member: Member) -> None:
    lease = Counting(member.consumer, member.log_ends, every_s=UNHURRIED_LEASE_S)
    lease.renewals = []

    async def has_looked_thrice() -> bool:
        return len(lease.renewals) > 2

    keeping = asyncio.create_task(lease.keep_forever())
    try:
        await eventually(has_looked_thrice)
        assert lease.renewals[2] - lease.renewals[1] < UNHURRIED_LEASE_S, "a start waits for it"
        await Lease.renew(lease)
        lease.renewals = []
        await eventually(has_looked_thrice)
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
    assert lease.renewals[2] - lease.renewals[1] >= UNHURRIED_LEASE_S


async def test_row_is_used_only_under_the_lease_and_a_missing_one_too(
    kafka: str, member: Member, rows: ReadModel[VisibilityChanged]
) -> None:
    event, sights = visibility_changed("ann"), Sights(rows, member.lease)
    async with sending(kafka) as sender:
        await sender.send(event)
    await member.caught_up()
    assert (await sights.of(event.key)).outcome == "fallback"
    await member.lease.renew()
    assert (await sights.of(event.key)).outcome == "fresh"
    assert (await sights.of("img_unknown")).outcome == "fresh"
    await rows.quarantine(event.key, TOPIC, 0, 0)
    assert (await sights.of(event.key)).outcome == "fallback"


async def test_store_that_was_restored_under_a_running_consumer_is_followed(
    kafka: str, database: Database, member: Member, rows: ReadModel[VisibilityChanged], positions: Positions
) -> None:
    event = visibility_changed("ann")
    async with sending(kafka) as sender:
        place = await sender.send(event)
    await member.caught_up()
    await database["images"].delete_many({})
    await positions.start(TOPIC, place.partition, place.offset)

    assert not await member.lease.renew(), "the store says less than what was read before"
    await eventually(member.lease.renew)
    assert await rows.row(event.key) is not None


@pytest.mark.parametrize("records", [0, 30], ids=["shorter", "longer than the position"])
async def test_log_that_was_made_anew_puts_all_rows_in_doubt_until_they_are_sent_again(
    kafka: str, member: Member, rows: ReadModel[VisibilityChanged], records: int
) -> None:
    known = visibility_changed("ann")
    # In one partition: what the new log holds of it first would be passed by the old position.
    drawn = (visibility_changed("bob") for _ in range(1000))
    other = next(it for it in drawn if _partition(it.key) == _partition(known.key))
    sights = Sights(rows, member.lease)
    async with sending(kafka) as sender:
        await sender.send(known)
        await sender.send(other)
        await member.caught_up()
        await eventually(member.lease.renew)
        await _make_anew(kafka)
        for _ in range(records):
            await sender.send(visibility_changed("eve", known.key, version=1))

        async def is_doubted() -> bool:
            await member.lease.renew()
            return (await rows.row(other.key) or {}).get("quarantined") == "resent"

        await eventually(is_doubted)
        assert (await sights.of(other.key)).outcome == "fallback"
        await sender.send(other)
        await eventually(member.lease.renew)
        assert (await sights.of(other.key)).outcome == "fresh"


async def _make_anew(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_topics([TOPIC])
        await admin.create_topics([NewTopic(TOPIC, VISIBILITY_CHANGES.partitions, 1)])
    finally:
        await admin.close()


def _partition(key: str) -> TopicPartition:
    return TopicPartition(TOPIC, VISIBILITY_CHANGES.partition_of(key))
