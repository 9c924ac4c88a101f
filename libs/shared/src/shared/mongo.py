"""The store: one way to connect (majority, journalled), reads that may grant something, and their fence."""

import asyncio
from collections.abc import Sequence
from typing import Any, TypeVar

from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from shared.credentials import MongoLogin

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]

StoreError = PyMongoError
StoreUnavailable = (ConnectionFailure, ExecutionTimeout)

T = TypeVar("T")

_IDS_A_QUERY = 10
_DURABLE = WriteConcern(w="majority", j=True, wtimeout=5_000)


def connect(url: str, login: MongoLogin | None = None) -> Client:
    """Open a client whose every operation is bounded in time; connects on first use."""
    credentials: dict[str, Any] = {}
    if login is not None:
        credentials = {"username": login.username, "password": login.password, "authSource": login.source}
    return AsyncMongoClient(
        url,
        tz_aware=True,
        serverSelectionTimeoutMS=2_000,
        connectTimeoutMS=2_000,
        socketTimeoutMS=10_000,
        maxPoolSize=50,
        waitQueueTimeoutMS=2_000,
        retryWrites=False,
        appname="private-generations",
        **credentials,
    )


def database(client: Client, name: str) -> Database:
    """Give the service's database: reads see what a majority has, writes wait for majority and journal."""
    return client.get_database(
        name,
        read_concern=ReadConcern("majority"),
        write_concern=_DURABLE,
        read_preference=ReadPreference.PRIMARY,
    )


def chunks(named: Sequence[T]) -> list[list[T]]:
    """Cut what is named by ids into lists for one statement each, none of which keeps a store busy for long."""
    return [list(named[start : start + _IDS_A_QUERY]) for start in range(0, len(named), _IDS_A_QUERY)]


def granting(collection: Collection) -> Collection:
    """Give the collection for a read by one id that may grant something to a stranger (linearizable)."""
    return collection.with_options(read_concern=ReadConcern("linearizable"))


class Fence:
    """One linearizable read before a list, shared by the requests that began before it.

    A primary that was deposed answers majority reads from the past; a linearizable read makes it notice. A
    request may share only a read that starts after the request did, so it never joins the one under way.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = granting(collection)
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        """Return once a read that began after this call has been answered.

        Raises:
            StoreError: the store didn't answer it.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._read(self._running))
        await asyncio.shield(self._next)

    async def _read(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        self._running, self._next = self._next, None
        await self._collection.find_one({"_id": "fence"}, max_time_ms=2_000)
