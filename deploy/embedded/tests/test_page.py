"""The built page: what answers, with which headers."""

import gzip
from pathlib import Path

import httpx
import pytest

from embedded.gateway import Gateway
from embedded.page import load_page

SCRIPT = "export const answer = 42;\n" * 100


@pytest.fixture
def browser(tmp_path: Path) -> httpx.AsyncClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "assets/index-abc.js").write_text(SCRIPT)
    (tmp_path / "config.json").write_text("{}")
    page = load_page(tmp_path)
    assert page is not None
    return httpx.AsyncClient(transport=httpx.ASGITransport(Gateway(_nobody, (), page)), base_url="http://page")


async def _nobody(*_: object) -> None:
    raise AssertionError


async def test_page_is_never_stored_and_allows_nothing_from_elsewhere(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/explore")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not any("unsafe" in sources or "//" in sources for sources in policy.values())


async def test_hashed_files_are_kept_for_good_and_sent_compressed(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
    assert answer.text == SCRIPT
    plain = await browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == SCRIPT
    head = await browser.head("/assets/index-abc.js")
    assert (head.status_code, head.content) == (200, b"")


async def test_other_files_are_asked_for_each_time(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/config.json")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/favicon.ico", "/assets", "/etc/passwd", "/v1", "/dev/x", "/openapi/x"]
)
async def test_what_is_not_there_is_not_found(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(httpx.URL("http://page", raw_path=path.encode()))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_page_is_only_read(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/explore")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_page_that_is_not_built_is_no_page(tmp_path: Path) -> None:
    assert load_page(tmp_path) is None
