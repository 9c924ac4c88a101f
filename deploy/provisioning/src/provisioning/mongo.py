"""The replica set of one that compose runs, and a user for each principal, known to its own database only."""

import asyncio
import logging

from pymongo import AsyncMongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from provisioning.access import load_table
from provisioning.kafka import read_secret
from provisioning.settings import MongoJob

log = logging.getLogger(__name__)

_WITHIN_S = 60.0
_ALREADY_INITIALIZED = 23
_USER_EXISTS = 51003

Client = AsyncMongoClient[dict[str, object]]


async def provision(settings: MongoJob) -> None:
    """Begin the replica set if asked to, and make or change the users; idempotent.

    Raises:
        PyMongoError: the store refuses something.
        TimeoutError: it can't be reached in time.
    """
    async with asyncio.timeout(_WITHIN_S) as limit:
        if settings.mongo_replica_set:
            async with _client(settings, f"mongodb://{settings.mongo_replica_member}/?directConnection=true") as client:
                await _begin_replica_set(client, settings.mongo_replica_set, settings.mongo_replica_member, limit)
        async with _client(settings) as client:
            for access in load_table():
                password = read_secret(settings.principals_dir, access.name, "mongo_password")
                await _set_user(client, access.database, access.name, password)
                log.info("user set", extra={"principal": access.name, "database": access.database})


def _client(settings: MongoJob, url: str | None = None) -> Client:
    return AsyncMongoClient(
        url or settings.mongo_url,
        username=settings.mongo_username,
        password=settings.mongo_password.get_secret_value(),
        serverSelectionTimeoutMS=30_000,
        socketTimeoutMS=10_000,
    )


async def _begin_replica_set(client: Client, name: str, member: str, limit: asyncio.Timeout) -> None:
    while not limit.expired():  # the time-out's cancellation alone may be swallowed
        try:
            hello = await client.admin.command("hello")
            if "setName" not in hello:
                await client.admin.command("replSetInitiate", {"_id": name, "members": [{"_id": 0, "host": member}]})
            if hello.get("isWritablePrimary"):
                return
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise
        except ConnectionFailure:
            log.info("the store isn't there yet")
        await asyncio.sleep(0.3)  # an election takes a moment
    raise TimeoutError("the replica set has no primary")


async def _set_user(client: Client, database: str, name: str, password: str) -> None:
    roles = [{"role": "readWrite", "db": database}]
    try:
        await client[database].command("createUser", name, pwd=password, roles=roles)
    except OperationFailure as error:
        if error.code != _USER_EXISTS and "already exists" not in str(error):
            raise
        await client[database].command("updateUser", name, pwd=password, roles=roles)
