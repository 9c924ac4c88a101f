"""People to use the system in containers."""

import secrets
from collections.abc import AsyncGenerator

import httpx
import pytest
from tests.containers.system import System
from tests.e2e.api_client import Person, sign_in
from tests.e2e.conftest import Somebody


@pytest.fixture(scope="session")
async def http(containers: System) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=containers.stack().base_url, timeout=30) as client:
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
