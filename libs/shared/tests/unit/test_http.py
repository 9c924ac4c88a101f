"""What every service's HTTP API has in common: problems, strict bodies, cursors, health."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import anyio.to_thread
import httpx
import pytest
from fastapi import APIRouter, FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from shared.http.app import Readiness, create_api
from shared.http.body import MAX_BODY_BYTES, StrictRoute
from shared.http.cursors import Cursors, Keyset
from shared.http.problems import Problem, not_found

SECRET = "nobody-should-see-this"


class Wish(BaseModel):
    prompt: str
    count: int = 1


@pytest.fixture
def readiness() -> Readiness:
    readiness = Readiness()
    readiness.ready()
    return readiness


@pytest.fixture
async def client(readiness: Readiness) -> AsyncGenerator[httpx.AsyncClient, None]:
    router = APIRouter(route_class=StrictRoute)

    @router.post("/wishes")
    async def wish(body: Wish) -> Wish:
        if body.prompt == "boom":
            raise RuntimeError(SECRET)
        if body.prompt == "slow":
            raise TimeoutError
        return body

    @router.get("/missing")
    async def missing() -> None:
        raise not_found()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        yield

    app = create_api("wishes", readiness, [router], lifespan)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        yield client


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b'{"prompt": "\\ud800"}', "application/json", 400, "malformed_json"),
        (b"[" * 500 + b"]" * 500, "application/json", 400, "malformed_json"),
        (b"[" * 100_000, "application/json", 400, "malformed_json"),
        (b'{"prompt": NaN}', "application/json", 400, "malformed_json"),
        (b"\xff\xfe", "application/json", 400, "malformed_json"),
        (b'{"prompt": "x"}', "text/plain", 415, "unsupported_media_type"),
        (b"prompt=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b'{"prompt": {"$ne": 1}}', "application/json", 422, "invalid_request"),
        (b"[]", "application/json", 422, "invalid_request"),
        (b"x" * (MAX_BODY_BYTES + 1), "application/json", 413, "body_too_large"),
    ],
)
async def test_bad_body_gets_a_problem(
    client: httpx.AsyncClient, content: bytes, media_type: str, status: int, code: str
) -> None:
    answer = await client.post("/wishes", content=content, headers={"content-type": media_type})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_refused_input_is_not_echoed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/wishes", json={"prompt": "fine", "count": SECRET})
    assert answer.status_code == 422
    assert SECRET not in answer.text


async def test_unexpected_error_is_a_bare_500_and_its_message_is_not_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.post("/wishes", json={"prompt": "boom"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert SECRET not in answer.text + caplog.text + str([record.__dict__ for record in caplog.records])


async def test_lost_dependency_is_503_with_retry_after(client: httpx.AsyncClient) -> None:
    answer = await client.post("/wishes", json={"prompt": "slow"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_unknown_path_and_missing_thing_get_the_same_answer(client: httpx.AsyncClient) -> None:
    one, other = await client.get("/missing"), await client.get("/nowhere")
    assert one.status_code == other.status_code == 404
    assert one.content == other.content


async def test_service_that_has_not_caught_up_answers_503_everywhere_but_livez(
    client: httpx.AsyncClient, readiness: Readiness
) -> None:
    assert (await client.get("/readyz")).status_code == 200
    readiness.waiting_for("its end")
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.post("/wishes", json={"prompt": "x"})).status_code == 200
    fresh = Readiness()
    with pytest.raises(Problem):
        await fresh.require_caught_up()


@pytest.mark.parametrize(("path", "status"), [("/wishes", 200), ("/missing", 404), ("/nowhere", 404)])
async def test_no_request_takes_a_thread(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    monkeypatch.delattr(anyio.to_thread, "run_sync")
    answer = await (client.post(path, json={"prompt": "x"}) if path == "/wishes" else client.get(path))
    assert answer.status_code == status


@given(item=st.text(min_size=1, max_size=40), second=st.integers(0, 2**31))
def test_cursor_is_read_back_for_its_own_list_only(item: str, second: int) -> None:
    cursors = Cursors(SecretStr("a secret of this test"))
    position = Keyset(datetime.fromtimestamp(second, UTC), item)
    cursor = cursors.seal("explore", position)
    assert cursors.open("explore", cursor) == position
    for scope, text in (("creations/ann", cursor), ("explore", cursor[:-1]), ("explore", "x" + cursor)):
        with pytest.raises(Problem) as refused:
            cursors.open(scope, text)
        assert refused.value.code == "cursor_invalid"
