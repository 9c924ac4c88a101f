"""The front of the embedded broker: fetches wait for records, as they do at a real Kafka."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

LONG_S = 8.0
TOPIC = "long-polling"


@asynccontextmanager
async def reading(kafka: str, topic: str, min_bytes: int, wait_s: float) -> AsyncGenerator[AIOKafkaConsumer, None]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_min_bytes=min_bytes,
        fetch_max_wait_ms=int(wait_s * 1000),
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        yield consumer
    finally:
        await consumer.stop()


@asynccontextmanager
async def writing(kafka: str, topic: str) -> AsyncGenerator[AIOKafkaProducer, None]:
    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
        await producer.send_and_wait(topic, b"first", partition=0)
        yield producer


async def test_waiting_fetch_is_answered_as_soon_as_something_is_produced(fresh_kafka: str) -> None:
    loop = asyncio.get_running_loop()
    async with writing(fresh_kafka, TOPIC) as producer, reading(fresh_kafka, TOPIC, 1, LONG_S) as consumer:
        await consumer.getone()
        waiting = asyncio.create_task(consumer.getone())
        _, pending = await asyncio.wait({waiting}, timeout=0.3)
        assert pending  # its fetch is held back now
        produced = loop.time()
        await producer.send_and_wait(TOPIC, b"second", partition=0)
        record = await asyncio.wait_for(waiting, LONG_S)
        assert record.value == b"second"
        assert loop.time() - produced < LONG_S / 2


async def test_fetch_for_many_bytes_gets_what_has_come_when_its_time_is_over(fresh_kafka: str) -> None:
    topic, wait_s = f"{TOPIC}-many", 1.0
    async with writing(fresh_kafka, topic) as producer, reading(fresh_kafka, topic, 1_000_000, wait_s) as consumer:
        await asyncio.wait_for(consumer.getone(), LONG_S)
        await producer.send_and_wait(topic, b"second", partition=0)
        await producer.send_and_wait(topic, b"third", partition=0)
        values = [(await asyncio.wait_for(consumer.getone(), LONG_S)).value for _ in range(2)]
        assert values == [b"second", b"third"]
