"""One running system for all black-box tests, and people to use it."""

import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
from tests.containers import system
from tests.e2e.api_client import Person, sign_in
from tests.e2e.stack import Stack, running

Somebody = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
async def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Stack, None]:
    """The system under test: `E2E_BASE_URL` and `KAFKA_BOOTSTRAP_SERVERS`, containers if asked for, or embedded."""
    address = os.environ.get("E2E_BASE_URL")
    if address:
        yield Stack(address, os.environ["KAFKA_BOOTSTRAP_SERVERS"])
        return
    if os.environ.get(system.WANTED) == "1":
        yield request.getfixturevalue("containers").stack()
        return
    async with running(tmp_path_factory.mktemp("stack") / "data") as started:
        yield started


@pytest.fixture(scope="session")
async def http(stack: Stack) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def somebody(http: httpx.AsyncClient) -> Somebody:
    """Make a person nobody has met before, on a plan if one is named."""

    async def make(plan: str | None = None, roles: list[str] | None = None) -> Person:
        person = await sign_in(http, f"user_{secrets.token_hex(6)}", roles or [])
        if plan is not None:
            await person.subscribed(plan)
        return person

    return make


@pytest.fixture(scope="session")
async def stranger(somebody: Somebody) -> Person:
    return await somebody("plus")


@pytest.fixture(scope="session")
async def operator(somebody: Somebody) -> Person:
    return await somebody(roles=["operator"])


@pytest.fixture(scope="session")
def anonymous(http: httpx.AsyncClient) -> Person:
    return Person(http, None, None)
