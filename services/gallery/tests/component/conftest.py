"""Gallery on the embedded stores, with download's group played by the test."""

import secrets
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gallery.app import create_app
from gallery.settings import Settings
from gallery.setup import set_up
from shared import mongo
from shared.bus.broker import EventSender
from shared.bus.consumer import GroupConsumer
from shared.bus.positions import Positions
from shared.contracts import VisibilityChanged
from shared.read_model import ReadModel
from shared.testing.apps import eventually, serving
from shared.testing.events import finished_image, generation_finished, plan_changed, sending
from shared.testing.groups import joined
from shared.testing.tokens import IssuerForTests
from shared.topics import create_topics


@dataclass
class Gallery:
    """What a test needs of a running gallery."""

    client: httpx.AsyncClient
    sender: EventSender
    issuer: IssuerForTests
    settings: Settings
    enforcer_rows: ReadModel[VisibilityChanged]
    enforcer: "Enforcer"
    database: mongo.Database

    def as_(self, user: str | None) -> dict[str, str]:
        """Give the headers of `user`; None is anonymous."""
        return {} if user is None else self.issuer.headers(user)

    async def image(self, owner: str, visibility: str = "public") -> str:
        """Make an image, as a finished generation does."""
        return (await self.images(owner, 1, visibility))[0]

    async def images(self, owner: str, count: int, visibility: str = "public") -> list[str]:
        """Make images."""
        made = [finished_image() for _ in range(count)]
        for start in range(0, count, 50):
            part = made[start : start + 50]
            await self.sender.send(generation_finished(owner, *part, visibility=visibility))
        wanted = {image.image_id for image in made}

        async def are_there() -> bool:
            found = self.database["images"].find({"owner_id": owner}, {"_id": 1})
            return wanted <= {it["_id"] async for it in found}

        await eventually(are_there, 30, every_s=0.1)
        return [image.image_id for image in made]

    async def plan(self, user: str, **fields: Any) -> None:
        """Give a person a plan, as entitlement's event does."""
        event = plan_changed(user, **fields)
        await self.sender.send(event)

        async def is_known() -> bool:
            row = await self.database["plans"].find_one({"_id": user})
            return row is not None and row["version"] >= event.version

        await eventually(is_known)


class Enforcer:
    """Download's consumer group, which can be paused without leaving it."""

    def __init__(self, consumer: GroupConsumer) -> None:
        self._consumer = consumer

    async def pause(self) -> None:
        """Stop reading."""
        self._consumer.pause()

    async def resume(self) -> None:
        """Go on."""
        self._consumer.resume()


@pytest.fixture(scope="module")
def issuer() -> Generator[IssuerForTests, None, None]:
    with IssuerForTests() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def settings(stores: Any, fresh_kafka: str, issuer: IssuerForTests) -> Settings:
    return Settings(
        kafka_bootstrap_servers=fresh_kafka,
        mongo_url=stores.mongo_url,
        database=f"gallery_{secrets.token_hex(4)}",
        token_jwks_url=issuer.jwks_url,
        cursor_secret="a secret of the tests only",
        entitlement_url="http://127.0.0.1:9",
        barrier_timeout_s=1.0,
    )


@pytest.fixture(scope="module")
async def gallery(settings: Settings, issuer: IssuerForTests) -> AsyncGenerator[Gallery, None]:
    await create_topics(settings.kafka_bootstrap_servers)
    await set_up(settings)
    client = mongo.connect(settings.mongo_url)
    enforcer = mongo.database(client, f"{settings.database}_enforcer")
    rows = ReadModel(enforcer["images"], VisibilityChanged)
    kafka, positions = settings.kafka_bootstrap_servers, Positions(enforcer["positions"], "download")
    async with (
        serving(create_app(settings)) as http,
        sending(settings.kafka_bootstrap_servers) as sender,
        joined(kafka, "download", {VisibilityChanged.topic: rows}, positions) as it,
    ):
        yield Gallery(
            http, sender, issuer, settings, rows, Enforcer(it.consumer), mongo.database(client, settings.database)
        )
    await client.close()
