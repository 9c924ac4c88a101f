"""Topics on a broker: a state topic keeps only the last record of each key, once the others are old enough."""

from datetime import timedelta

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.bus.broker import EventSender
from shared.bus.cloudevents import sequence_of
from shared.testing.apps import eventually
from shared.testing.events import sending, time_at, visibility_changed
from shared.topics import VISIBILITY_CHANGES, create_topics

pytestmark = pytest.mark.timeout(60)

KEPT_FOR = timedelta(milliseconds=500)


async def test_old_records_of_a_state_topic_go_but_the_last_of_each_key(fresh_kafka: str) -> None:
    await create_topics(fresh_kafka, compacted_after=KEPT_FOR)
    async with sending(fresh_kafka) as sender:
        first, *_, last = [
            await sender.send(visibility_changed("ann", "img_1", "private", version=version))
            for version in range(1, 30)
        ]
        await sender.send(visibility_changed("ann", "img_2", "public"))

        async def is_compacted() -> bool:
            await written_on(sender)  # a broker looks only where something is written
            return 1 not in await versions(fresh_kafka, "img_1")

        await eventually(is_compacted, 30, 0.2)
        assert await time_at(fresh_kafka, first) is None, "there are only later records"
        assert await time_at(fresh_kafka, last) is not None

    assert 29 in await versions(fresh_kafka, "img_1")
    assert await versions(fresh_kafka, "img_2") == [1]


async def written_on(sender: EventSender) -> None:
    for number in range(20):
        await sender.send(visibility_changed("ann", f"img_other{number}", "public"))


async def versions(kafka: str, key: str) -> list[int | None]:
    partition = TopicPartition(VISIBILITY_CHANGES.name, VISIBILITY_CHANGES.partition_of(key))
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        found: list[int | None] = []
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [sequence_of(it.headers) for it in records if it.key == key.encode()]
        return found
