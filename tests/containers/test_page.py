"""The page's image: nginx serves it behind the gateway, with the headers that the page has on the embedded stack."""

import re
from collections.abc import AsyncGenerator, Generator

import httpx
import pytest
from tests.containers.system import System

from embedded.page import SECURITY_HEADERS


@pytest.fixture(scope="module")
def address(docker: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[str, None, None]:
    """Where the gateway listens, with nothing behind it but the page."""
    name = f"{System.project_name()}-page"
    system = System(tmp_path_factory.mktemp("page"), {"COMPOSE_PROJECT_NAME": name, "COMPOSE_PROFILES": "web"})
    system.stop()
    try:
        system.compose("up", "--build", "--detach", "--wait", "--no-deps", "gateway", "web")
        yield system.address
    finally:
        system.stop()


@pytest.fixture
async def client(address: str) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=address) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/explore", "/creations/all", "/account"])
async def test_page_is_never_stored_and_allows_nothing_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert {name: answer.headers.get_list(name) for name in SECURITY_HEADERS} == {
        name: [value] for name, value in SECURITY_HEADERS.items()
    }


async def test_hashed_files_are_kept_for_good(client: httpx.AsyncClient) -> None:
    paths = re.findall(r'(?:src|href)="(/assets/[^"]+)"', (await client.get("/")).text)
    assert paths
    for path in paths:
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.headers.get_list("Cache-Control") == ["public, max-age=31536000, immutable"]


async def test_missing_file_is_asked_for_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/assets/index-none.js")
    assert answer.status_code == 404
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
