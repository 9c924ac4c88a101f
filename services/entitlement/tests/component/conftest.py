"""Entitlement on the embedded stores, with the three groups that enforce plans played by the test."""

import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from entitlement.app import create_app
from entitlement.settings import Settings
from entitlement.setup import set_up
from shared import mongo
from shared.bus.broker import EventSender
from shared.bus.consumer import GroupConsumer
from shared.bus.positions import Positions
from shared.contracts import PlanChanged
from shared.mongo import Document
from shared.read_model import ReadModel
from shared.testing.apps import eventually, serving
from shared.testing.events import sending
from shared.testing.groups import joined
from shared.testing.tokens import IssuerForTests
from shared.topics import create_topics

ENFORCERS = ("generation", "gallery", "download")


@dataclass
class Entitlement:
    """What a test needs of a running entitlement."""

    client: httpx.AsyncClient
    sender: EventSender
    issuer: IssuerForTests
    settings: Settings
    database: mongo.Database
    enforcers: dict[str, GroupConsumer]
    enforcer_rows: ReadModel[PlanChanged]

    def as_(self, user: str | None, roles: tuple[str, ...] = ()) -> dict[str, str]:
        """Give the headers of `user`; None is anonymous."""
        return {} if user is None else self.issuer.headers(user, roles)

    async def see(self, user: str) -> Any:
        """Give what `user` is told of their plan."""
        answer = await self.client.get("/v1/entitlement", headers=self.as_(user))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def put(self, user: str, **body: Any) -> httpx.Response:
        """Change `user`'s plan by the built-in billing."""
        return await self.client.put("/v1/subscription", json=body, headers=self.as_(user))

    async def cancel(self, user: str, when: str) -> httpx.Response:
        """Cancel `user`'s subscription."""
        return await self.client.delete("/v1/subscription", params={"when": when}, headers=self.as_(user))

    async def set(self, user: str, **body: Any) -> httpx.Response:
        """Set `user`'s subscription as an operator."""
        headers = self.as_("boss", ("operator",))
        return await self.client.put(f"/v1/admin/users/{user}/subscription", json=body, headers=headers)

    async def published(self, user: str, version: int) -> Document:
        """Give the state that the enforcers have, once it is of `version` or later."""

        async def is_there() -> Document | None:
            row = await self.enforcer_rows.row(user)
            return row if row is not None and row["version"] >= version else None

        found = await eventually(is_there)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def issuer() -> Generator[IssuerForTests, None, None]:
    with IssuerForTests() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def settings(stores: Any, fresh_kafka: str, issuer: IssuerForTests) -> Settings:
    return Settings(
        kafka_bootstrap_servers=fresh_kafka,
        mongo_url=stores.mongo_url,
        database=f"entitlement_{secrets.token_hex(4)}",
        token_jwks_url=issuer.jwks_url,
        cursor_secret="a secret of the tests only",
        barrier_timeout_s=1.0,
        built_in_billing=True,
        grace_days=7,
    )


@pytest.fixture(scope="module")
async def entitlement(settings: Settings, issuer: IssuerForTests) -> AsyncGenerator[Entitlement, None]:
    await create_topics(settings.kafka_bootstrap_servers)
    await set_up(settings)
    client = mongo.connect(settings.mongo_url)
    database = mongo.database(client, settings.database)
    rows = {name: ReadModel(client[f"{settings.database}_{name}"]["plans"], PlanChanged) for name in ENFORCERS}
    async with AsyncExitStack() as stack:
        stack.push_async_callback(client.close)
        sender = await stack.enter_async_context(sending(settings.kafka_bootstrap_servers))
        groups = {}
        for name in ENFORCERS:
            positions = Positions(client[f"{settings.database}_{name}"]["positions"], name)
            handlers = {PlanChanged.topic: rows[name]}
            it = await stack.enter_async_context(joined(settings.kafka_bootstrap_servers, name, handlers, positions))
            groups[name] = it.consumer
        http = await stack.enter_async_context(serving(create_app(settings)))
        yield Entitlement(http, sender, issuer, settings, database, groups, rows["download"])
