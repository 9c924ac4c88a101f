"""A marker word of a prompt is searched for everywhere: it is nowhere but in generation's own store."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import pytest
from aiokafka import AIOKafkaConsumer
from pymongo import AsyncMongoClient
from tests.e2e.api_client import Person
from tests.e2e.stack import Stack

from shared.kafka_clients import admin_client, client_options

Somebody = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="module")
async def marker(somebody: Somebody, stack: Stack) -> str:
    """Use a marker word in every way that a prompt can be used, well and badly."""
    word = f"MARKER{secrets.token_hex(8)}"
    ann = await somebody("plus")
    (image,) = await ann.generate(f"a {word} in a meadow", visibility="private")
    await ann.make(image, "public")
    await ann.get(f"/v1/downloads/{image}", params={"format": "png"})
    await ann.submit(f"{word} \0")
    await ann.submit(word, count=99)
    await ann.ask("POST", "/v1/generations", content=f'{{"prompt": "{word}'.encode())
    await ann.ask("POST", "/v1/generations", params={"dry_run": "true"}, json={"prompt": word})
    return word


async def test_no_topic_holds_a_prompt(stack: Stack, marker: str) -> None:
    admin = admin_client(stack.kafka_access)
    await admin.start()
    topics = [name for name in await admin.list_topics() if not name.startswith("__")]
    await admin.close()
    assert len(topics) >= 8
    consumer = AIOKafkaConsumer(*topics, **client_options(stack.kafka_access), auto_offset_reset="earliest")
    await consumer.start()
    read = 0
    try:
        async with asyncio.timeout(30):
            ends = await consumer.end_offsets(consumer.assignment())
            while any([await consumer.position(it) < end for it, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        read += 1
                        assert marker.encode() not in b"".join(
                            [record.key or b"", record.value or b"", *(value for _, value in record.headers)]
                        )
    finally:
        await consumer.stop()
    assert read >= 5


async def test_no_other_store_no_object_and_no_log_holds_a_prompt(stack: Stack, marker: str) -> None:
    if stack.mongo_url is None:
        pytest.skip("the stores of this system can't be opened from here")
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(stack.mongo_url)
    found = set()
    try:
        # Without the store's own log of all its writes, which is as much generation's as its collection is.
        for database in set(await client.list_database_names()) - {"local", "admin", "config"}:
            for collection in await client[database].list_collection_names():
                async for document in client[database][collection].find():
                    if marker in repr(document):
                        found.add(f"{database}.{collection}")
    finally:
        await client.close()
    assert found == {"generation.generations"}, "and the search works: there it is"
    files = stack.kept_files()
    assert len(files) >= 2
    assert [name for name, content in files.items() if marker.encode() in content] == []
