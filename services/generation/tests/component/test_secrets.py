"""A prompt is in generation's own store and nowhere else, whatever happens to it."""

from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from generation.backends import RenderRefused
from shared.objects import MASTERS, RENDITIONS
from shared.topics import TOPICS

Service = Any
MARKER = "zanzibarteapot4711"
SEED = 3_141_592_653


async def everything_on_topics(bootstrap_servers: str) -> list[str]:
    """Give every record of every topic: key, headers, value."""
    partitions = [TopicPartition(topic.name, n) for topic in TOPICS.values() for n in range(topic.partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        records = []
        for partition in (it for it, end in ends.items() if end):
            consumer.assign([partition])
            consumer.seek(partition, 0)
            while await consumer.position(partition) < ends[partition]:
                records.append(str(await consumer.getone(partition)))
        return records
    finally:
        await consumer.stop()


async def everything_in(database: Any) -> str:
    names = await database.list_collection_names()
    return str([await database[name].find().to_list(None) for name in names])


async def test_prompt_is_on_no_topic_in_no_other_store_and_in_no_log(
    generation: Service, new_studio: Any, logged: Callable[[], str]
) -> None:
    await generation.plan("sec")
    new_studio.failing[f"refuse {MARKER}"] = RenderRefused("refused", "The provider said no.")
    new_studio.failing[f"break {MARKER}"] = ValueError(f"can't draw {MARKER}")
    async with generation.worker(new_studio):
        made = await generation.submitted("sec", key=MARKER[:3], prompt=f"a {MARKER}", seed=SEED, visibility="private")
        await generation.is_("sec", made["generation_id"], "succeeded")
        for word in ("refuse", "break"):
            failed = await generation.submitted("sec", prompt=f"{word} {MARKER}")
            await generation.is_("sec", failed["generation_id"], "failed")
        for bad in ({"prompt": MARKER * 500}, {"prompt": MARKER, "count": 9}, {"prompt": {"$ne": MARKER}}, {MARKER: 1}):
            answer = await generation.submit("sec", **bad)
            assert answer.status_code == 422
            assert MARKER not in answer.text or MARKER in bad

    own = await everything_in(generation.database)
    assert MARKER in own, "this search does find it where it is"
    others = generation.database.client[f"{generation.settings.database}_gallery"]
    records = await everything_on_topics(generation.settings.kafka_bootstrap_servers)
    assert sum(made["generation_id"] in it for it in records) >= 2, "the request and the result are among them"
    image_id = made["image_ids"][0]
    keys = [key for bucket in (MASTERS, RENDITIONS) for key in await generation.objects.keys(bucket, image_id)]
    objects = [await generation.objects.get(MASTERS, key) for key in keys]
    assert len(objects) == 1
    for place, text in (
        ("topics", "\n".join(records)),
        ("gallery", await everything_in(others)),
        ("objects", str(keys) + str(objects)),
        ("logs", logged()),
    ):
        assert MARKER not in text, place
        assert place == "logs" or str(SEED) not in text, place
    assert '"level": "DEBUG"' in logged(), "the logs were read"
    watched = await generation.client.get(
        f"/v1/generations/{made['generation_id']}/events", headers=generation.as_("sec")
    )
    assert MARKER not in watched.text
