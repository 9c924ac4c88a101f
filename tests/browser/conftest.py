"""One running system, one in trouble, and one real browser for all browser tests."""

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Browser, expect
from tests.browser import chromium
from tests.browser.provider import Provider, serving
from tests.browser.visitor import WITHIN_MS, Visitors
from tests.e2e.api_client import Person, sign_in
from tests.e2e.stack import Stack, running

expect.set_options(timeout=WITHIN_MS)
# An enforcer that commits only when a test does it.
LATE_GROUP = "newsletter"
Owner = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser, None]:
    if chromium.path() is None:
        pytest.skip("no Chromium here: apt-get install chromium, or set PLAYWRIGHT_CHROMIUM")
    async with chromium.chromium() as started:
        yield started


@pytest.fixture(scope="session")
async def stack(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack, None]:
    async with running(tmp_path_factory.mktemp("browser-stack") / "data") as started:
        yield started


@dataclass(frozen=True)
class Troubled:
    """A system whose pictures come from `provider`, and which waits for an enforcer that only a test runs."""

    stack: Stack
    provider: Provider


@pytest.fixture(scope="module")
async def troubled(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Troubled, None]:
    with serving() as provider:
        surroundings = {
            "VISIBILITY_ENFORCERS": f"download,{LATE_GROUP}:commit_only",
            "BACKEND": "http",
            "HTTP_BACKEND_URL": provider.url,
        }
        async with running(tmp_path_factory.mktemp("troubled-stack") / "data", **surroundings) as stack:
            yield Troubled(stack, provider)


@pytest.fixture
async def troubled_visitor(browser: Browser, troubled: Troubled) -> AsyncGenerator[Visitors, None]:
    troubled.provider.restore()
    visitors = Visitors(browser, troubled.stack.base_url)
    yield visitors
    troubled.provider.restore()
    await visitors.leave()


@pytest.fixture
async def visitor(browser: Browser, stack: Stack) -> AsyncGenerator[Visitors, None]:
    visitors = Visitors(browser, stack.base_url)
    yield visitors
    await visitors.leave()


@pytest.fixture(scope="session")
async def http(stack: Stack) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=stack.base_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def owner(http: httpx.AsyncClient) -> Owner:
    """Make a person whose images are there already, made over the HTTP API."""

    async def make(plan: str = "plus") -> Person:
        person = await sign_in(http, f"user_{secrets.token_hex(5)}", [])
        await person.subscribed(plan)
        return person

    return make


@pytest.fixture
def name() -> str:
    """A name that nobody has had before."""
    return f"user_{secrets.token_hex(5)}"
