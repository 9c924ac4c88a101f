"""The page as nginx serves it behind the gateway: with the headers that it has on the embedded stack."""

import re

import httpx
import pytest
from tests.containers.system import System

from embedded.page import SECURITY_HEADERS


@pytest.mark.parametrize("path", ["/", "/explore", "/creations/all", "/account"])
async def test_page_is_never_stored_and_allows_nothing_from_elsewhere(containers: System, path: str) -> None:
    async with httpx.AsyncClient(base_url=containers.address) as client:
        answer = await client.get(path)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers.get_list("Cache-Control") == ["no-store"]
    assert {name: answer.headers.get_list(name) for name in SECURITY_HEADERS} == {
        name: [value] for name, value in SECURITY_HEADERS.items()
    }


async def test_hashed_files_are_kept_for_good(containers: System) -> None:
    async with httpx.AsyncClient(base_url=containers.address) as client:
        paths = re.findall(r'(?:src|href)="(/assets/[^"]+)"', (await client.get("/")).text)
        assert paths
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.headers.get_list("Cache-Control") == ["public, max-age=31536000, immutable"]
        assert (await client.get("/assets/index-none.js")).status_code == 404
