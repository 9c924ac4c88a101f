"""One system in containers for all tests of this folder."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator

import httpx
import pytest
from tests.containers import system
from tests.containers.system import System
from tests.e2e.api_client import Person, sign_in
from tests.e2e.conftest import Somebody


@pytest.fixture(scope="session")
async def containers(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[System, None]:
    """The running system; skipped in one line, or refused, where containers can't run."""
    reason = system.why_not()
    if reason is not None:
        (pytest.fail if os.environ.get(system.REQUIRED) == "1" else pytest.skip)(reason)
    started = System(tmp_path_factory.mktemp("containers"), {}, "faults")
    try:
        await asyncio.to_thread(started.start)
        yield started
    finally:
        await asyncio.to_thread(started.stop)


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
