"""Who isn't known here yet is asked of entitlement itself, with their own token."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn

from entitlement.app import create_app
from entitlement.settings import Settings as EntitlementSettings
from entitlement.setup import set_up
from generation.settings import WorkerSettings
from shared.testing.apps import eventually
from shared.testing.tokens import IssuerForTests
from shared.topics import create_topics

Service = Any


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to pytest."""
        yield


@pytest.fixture(scope="module")
async def entitlement_url(stores: Any, issuer: IssuerForTests) -> AsyncGenerator[str, None]:
    """A real entitlement over HTTP, on a broker of its own: generation never hears its events."""
    settings = EntitlementSettings(
        kafka_bootstrap_servers=stores.kafka_bootstrap,
        mongo_url=stores.mongo_url,
        database=f"entitlement_{secrets.token_hex(4)}",
        token_jwks_url=issuer.jwks_url,
        cursor_secret="a secret of the tests only",
        barrier_timeout_s=0.2,
    )
    await create_topics(settings.kafka_bootstrap_servers)
    await set_up(settings)
    server = _Server(uvicorn.Config(create_app(settings), port=0, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve())

    async def has_started() -> bool:
        return server.started

    await eventually(has_started, 20)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient() as client:

        async def is_ready() -> bool:
            return (await client.get(f"{url}/readyz")).status_code == 200

        await eventually(is_ready, 20)
    yield url
    server.should_exit = True
    await serving


@pytest.fixture(scope="module")
def settings(stores: Any, fresh_kafka: str, issuer: IssuerForTests, entitlement_url: str) -> WorkerSettings:
    return WorkerSettings(
        kafka_bootstrap_servers=fresh_kafka,
        mongo_url=stores.mongo_url,
        database=f"generation_{secrets.token_hex(4)}",
        token_jwks_url=issuer.jwks_url,
        cursor_secret="a secret of the tests only",
        entitlement_url=entitlement_url,
        s3_endpoint=stores.s3_endpoint,
        s3_access_key=stores.s3_access_key,
        s3_secret_key=stores.s3_secret_key,
    )


async def test_person_not_known_here_generates_by_what_entitlement_says(
    generation: Service, entitlement_url: str
) -> None:
    async with httpx.AsyncClient(base_url=entitlement_url) as entitlement:
        answer = await entitlement.put(
            "/v1/admin/users/new/subscription",
            json={"plan": "plus"},
            headers=generation.issuer.headers("boss", roles=["operator"]),
        )
    assert answer.status_code == 202, "nobody reads there"
    made = [await generation.submitted("new", visibility="private") for _ in range(8)]
    assert {it["visibility"] for it in made} == {"private"}
    assert (await generation.submit("new")).status_code == 429
    free = await generation.submit("nobody", visibility="private")
    assert (free.status_code, free.json()["code"]) == (403, "entitlement_required")
    assert (await generation.submitted("nobody", count=4))["visibility"] == "public"
    assert await generation.database["plans"].count_documents({}) == 0, "none of it came by an event"
