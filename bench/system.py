"""The system that is measured: started by the command that a user runs, or wherever `E2E_BASE_URL` says it is."""

import os
import secrets
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from tests.e2e import stack
from tests.e2e.api_client import Person

from bench.wire import Connection
from shared import mongo


@dataclass(frozen=True, slots=True)
class System:
    """A running system: people use it over HTTP; peers work on the same stores."""

    base_url: str
    kafka_bootstrap_servers: str
    mongo: mongo.Client
    _http: httpx.AsyncClient
    _people: list[Person] = field(default_factory=list)

    async def somebody(self, plan: str | None = None) -> Person:
        """Make a person nobody has met before, on a plan if one is named."""
        user_id = f"user_{secrets.token_hex(6)}"
        answer = await self._http.post("/dev/token", json={"user_id": user_id})
        answer.raise_for_status()
        person = Person(self._http, user_id, answer.json()["access_token"])
        if plan is not None:
            (await person.subscribe(plan)).raise_for_status()
        self._people.append(person)
        return person

    async def delete_images(self) -> None:
        """Delete all images of the people that were made here, as they would do it themselves."""
        for person in self._people:
            if await person.creations():
                await person.change("deleted", select={"visibility": "all"})

    @property
    def anonymous(self) -> Person:
        """Somebody who isn't signed in."""
        return Person(self._http, None, None)

    def connection(self) -> Connection:
        """Give a connection of its own for what is timed."""
        return Connection(self.base_url)


@asynccontextmanager
async def running_system() -> AsyncGenerator[System, None]:
    """Run a system of its own until the context ends, or use the one that the environment names.

    `E2E_BASE_URL` comes with `KAFKA_BOOTSTRAP_SERVERS` and `MONGO_URL`, the stores that system runs on; the images
    that were made there are deleted at the end.
    """
    address = os.environ.get("E2E_BASE_URL")
    if address:
        async with _reached(address, os.environ["KAFKA_BOOTSTRAP_SERVERS"], os.environ["MONGO_URL"]) as system:
            try:
                yield system
            finally:
                await system.delete_images()
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        async with stack.running(Path(folder) / "data") as started:
            if started.mongo_url is None:
                raise RuntimeError("the stack didn't say where its Mongo store is")
            async with _reached(started.base_url, started.kafka_bootstrap_servers, started.mongo_url) as system:
                yield system


@asynccontextmanager
async def _reached(base_url: str, kafka: str, mongo_url: str) -> AsyncGenerator[System, None]:
    client = mongo.connect(mongo_url)
    try:
        async with httpx.AsyncClient(base_url=base_url, timeout=30, trust_env=False) as http:
            yield System(base_url, kafka, client, http)
    finally:
        await client.close()
