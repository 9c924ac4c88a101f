"""The embedded stores, through the clients that the services use."""

import asyncio
import io
import secrets
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from minio import Minio
from pymongo import AsyncMongoClient

from embedded.errors import StoreError
from embedded.store_kinds import S3Keys
from embedded.stores import StoreAddresses, Stores, embedded_stores

KEYS = S3Keys(secrets.token_hex(10), secrets.token_hex(20))


def fail(error: StoreError) -> None:
    raise AssertionError(error)


async def write(addresses: StoreAddresses) -> None:
    client: AsyncMongoClient[dict[str, int]] = AsyncMongoClient(addresses.mongo_url)
    await client["kept"]["rows"].insert_one({"value": 42})
    await client.close()
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap)
    await producer.start()
    await producer.send_and_wait("kept", b"42")
    await producer.stop()
    objects = s3(addresses)
    objects.make_bucket("kept")
    objects.put_object("kept", "key", io.BytesIO(b"42"), 2)


async def assert_written(addresses: StoreAddresses) -> None:
    client: AsyncMongoClient[dict[str, int]] = AsyncMongoClient(addresses.mongo_url)
    row = await client["kept"]["rows"].find_one()
    assert row is not None
    assert row["value"] == 42
    await client.close()
    consumer = AIOKafkaConsumer("kept", bootstrap_servers=addresses.kafka_bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    assert (await asyncio.wait_for(consumer.getone(), 10)).value == b"42"
    await consumer.stop()
    assert s3(addresses).get_object("kept", "key").read() == b"42"


def s3(addresses: StoreAddresses) -> Minio:
    return Minio(
        endpoint=addresses.s3_endpoint.removeprefix("http://"),
        access_key=addresses.s3_access_key,
        secret_key=addresses.s3_secret_key,
        secure=False,
        region="us-east-1",
    )


async def test_stores_keep_their_data_over_a_restart(tmp_path: Path) -> None:
    first = Stores(tmp_path, KEYS, on_death=fail)
    await write(await first.start())
    assert await first.stop()
    again = Stores(tmp_path, KEYS, on_death=fail)
    await assert_written(await again.start())
    assert await again.stop()
    assert list((tmp_path / "run").glob("*.pid")) == []


async def test_store_that_dies_is_named_with_its_log(tmp_path: Path) -> None:
    died: asyncio.Future[StoreError] = asyncio.get_running_loop().create_future()
    stores = Stores(tmp_path, KEYS, on_death=died.set_result)
    await stores.start({"kafka"})
    pid = int((tmp_path / "run" / "kafka.pid").read_text().split()[0])
    await (await asyncio.create_subprocess_exec("kill", "-9", str(pid))).wait()
    sentence = str(await asyncio.wait_for(died, 5))
    assert "The embedded Kafka broker ended by itself (exit code -9" in sentence
    assert str(tmp_path / "logs" / "kafka.log") in sentence
    assert not await stores.stop()


async def test_store_without_a_usable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "s3").touch()
    with pytest.raises(StoreError, match="The embedded S3 store can't be started"):
        async with embedded_stores(tmp_path, wanted={"s3"}):
            pass


async def test_only_wanted_stores_run(stores: StoreAddresses, fresh_kafka: str) -> None:
    assert stores.kafka_bootstrap not in {"", fresh_kafka}
    assert stores.mongo_url
    assert stores.s3_endpoint
