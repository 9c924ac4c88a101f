"""Each service may do what the table says; whatever more it tries, the store refuses it."""

import io
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    TopicAuthorizationFailedError,
)
from minio import Minio
from minio.error import S3Error
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure
from tests.containers.system import System

from provisioning.access import Access, load_table
from shared.credentials import KafkaAccess
from shared.kafka_clients import admin_client, client_options
from shared.topics import TOPICS

TABLE = load_table()
NAMES = [access.name for access in TABLE]
TOPIC_NAMES = sorted(TOPICS)
DATABASES = sorted({access.database for access in TABLE})
each_principal = pytest.mark.parametrize("access", TABLE, ids=NAMES)


def kafka_as(containers: System, name: str) -> KafkaAccess:
    return containers.kafka_as(name, containers.secret(f"principals/{name}/kafka_password"))


@asynccontextmanager
async def producer_as(containers: System, name: str) -> AsyncGenerator[AIOKafkaProducer, None]:
    producer = AIOKafkaProducer(**client_options(kafka_as(containers, name)), request_timeout_ms=10_000)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@each_principal
async def test_service_may_write_only_its_topics(containers: System, access: Access) -> None:
    refused = []
    async with producer_as(containers, access.name) as producer:
        for topic in TOPIC_NAMES:
            if topic in access.writes:
                continue  # a record of a test would be a dead letter
            with pytest.raises((TopicAuthorizationFailedError, ClusterAuthorizationFailedError)):
                await producer.send_and_wait(topic, b"{}", key=b"test")
            refused.append(topic)
    assert len(refused) == len(TOPIC_NAMES) - len(access.writes)


@each_principal
async def test_service_may_read_only_its_topics(containers: System, access: Access) -> None:
    for topic in TOPIC_NAMES:
        consumer = AIOKafkaConsumer(
            topic, **client_options(kafka_as(containers, access.name)), auto_offset_reset="earliest"
        )
        if topic in access.reads:
            await consumer.start()
            await consumer.getmany(timeout_ms=100)
        elif topic in access.writes:
            await consumer.start()  # who writes may describe; fetching is refused
            with pytest.raises(TopicAuthorizationFailedError):
                await consumer.getone()
        else:
            with pytest.raises(TopicAuthorizationFailedError):
                await consumer.start()
        await consumer.stop()


@each_principal
async def test_service_may_describe_only_groups_that_it_is_in_or_waits_for(containers: System, access: Access) -> None:
    admin = admin_client(kafka_as(containers, access.name))
    await admin.start()
    try:
        for group in sorted({group for other in TABLE for group in other.groups}):
            if group in {*access.groups, *access.waits_for}:
                await admin.list_consumer_group_offsets(group)
            else:
                with pytest.raises(GroupAuthorizationFailedError):
                    await admin.list_consumer_group_offsets(group)
    finally:
        await admin.close()


async def test_service_may_not_join_a_group_that_it_waits_for(containers: System) -> None:
    consumer = AIOKafkaConsumer(
        "entitlement.plan-changes", **client_options(kafka_as(containers, "entitlement")), group_id="download"
    )
    with pytest.raises(GroupAuthorizationFailedError):
        await consumer.start()
    await consumer.stop()


async def test_wrong_password_and_anonymous_are_refused(containers: System) -> None:
    for access in (containers.kafka_as("gallery", "wrong"), KafkaAccess(containers.kafka_as("", "").bootstrap_servers)):
        admin = admin_client(access, request_timeout_ms=5_000)
        with pytest.raises(KafkaConnectionError):
            await admin.start()
        await admin.close()


@each_principal
async def test_service_may_use_only_its_database(containers: System, access: Access) -> None:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(
        f"mongodb://127.0.0.1:{containers.ports['MONGO']}/?directConnection=true",
        username=access.name,
        password=containers.secret(f"principals/{access.name}/mongo_password"),
        authSource=access.database,
    )
    try:
        await client[access.database]["positions"].find_one()
        for database in [name for name in DATABASES if name != access.database]:
            with pytest.raises(OperationFailure) as refused:
                await client[database]["images"].find_one()
            assert refused.value.code == 13
            with pytest.raises(OperationFailure) as refused:
                await client[database]["images"].insert_one({"_id": "test"})
            assert refused.value.code == 13
        with pytest.raises(OperationFailure) as refused:
            await client["admin"].command("usersInfo", 1)
        if refused.value.code != 13:
            pytest.skip("this store enforces users by database, and not who may list them")
    finally:
        await client.close()


def objects_as(containers: System, name: str, secret: str | None = None) -> Minio:
    return Minio(
        f"127.0.0.1:{containers.ports['S3']}",
        access_key=name,
        secret_key=secret or containers.secret(f"principals/{name}/s3_secret_key"),
        secure=False,
        region="us-east-1",
    )


@pytest.mark.parametrize("access", [it for it in TABLE if it.objects], ids=lambda it: it.name)
@pytest.mark.parametrize("bucket", ["masters", "renditions"])
def test_service_may_do_only_its_actions_in_each_bucket(containers: System, access: Access, bucket: str) -> None:
    root = objects_as(containers, "root", containers.secret("s3-setup/s3_secret_key"))
    root.put_object(bucket, "test/rights", io.BytesIO(b"x"), 1)
    client = objects_as(containers, access.name)
    tries: dict[str, Callable[[], object]] = {
        "s3:GetObject": lambda: client.get_object(bucket, "test/rights").read(),
        "s3:PutObject": lambda: client.put_object(bucket, "test/put", io.BytesIO(b"x"), 1),
        "s3:ListBucket": lambda: list(client.list_objects(bucket)),
        "s3:DeleteObject": lambda: client.remove_object(bucket, "test/put"),
        "s3:PutBucketPolicy": lambda: client.set_bucket_policy(bucket, "{}"),
        "s3:CreateBucket": lambda: client.make_bucket("another"),
    }
    for action, attempt in tries.items():
        if action in access.objects.get(bucket, []):
            attempt()
        else:
            with pytest.raises(S3Error) as refused:
                attempt()
            assert refused.value.code == "AccessDenied", (access.name, bucket, action)
    for key in ("test/rights", "test/put"):
        root.remove_object(bucket, key)


def test_wrong_key_and_anonymous_get_no_object(containers: System) -> None:
    with pytest.raises(S3Error) as refused:
        list(objects_as(containers, "download", "wrong" * 8).list_objects("masters"))
    assert refused.value.code == "SignatureDoesNotMatch"
    anonymous = Minio(f"127.0.0.1:{containers.ports['S3']}", secure=False, region="us-east-1")
    with pytest.raises(S3Error) as refused:
        list(anonymous.list_objects("masters"))
    assert refused.value.code == "AccessDenied"
