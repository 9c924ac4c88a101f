"""The proxy and the body cap over real sockets: streaming both ways, and what is never passed on."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.types import ASGIApp

from embedded.front import Front
from embedded.ports import Ports, listen_on
from embedded.proxy import Proxy


@dataclass
class Upstream:
    """A service behind the proxy, which the test can hold up."""

    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    first_chunk: asyncio.Event = field(default_factory=asyncio.Event)
    calls: int = 0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/events")
        async def events() -> StreamingResponse:
            async def stream() -> AsyncIterator[bytes]:
                try:
                    yield b"data: first\n\n"
                    await self.go_on.wait()
                    yield b"data: last\n\n"
                finally:
                    self.left.set()

            return StreamingResponse(stream(), media_type="text/event-stream")

        @app.post("/upload")
        async def upload(request: Request) -> int:
            self.calls += 1
            size = 0
            async for chunk in request.stream():
                size += len(chunk)
                self.first_chunk.set()
            return size

        @app.get("/redirect")
        async def redirect() -> RedirectResponse:
            return RedirectResponse("/seen")

        @app.get("/cookie")
        async def cookie(request: Request) -> Response:
            return Response(request.headers.get("cookie", "none"), headers={"Set-Cookie": "pg_session=alice"})

        @app.api_route("/{path:path}", methods=["GET", "HEAD", "DELETE"])
        async def seen(request: Request) -> Response:
            self.calls += 1
            headers = {"X-Target": request.scope["raw_path"].decode() + "?" + request.url.query}
            headers |= {"Connection": "X-Secret-Hop", "X-Secret-Hop": "1", "Proxy-Authenticate": "x", "X-Kept": "yes"}
            return Response("\n".join(f"{name}: {value}" for name, value in request.headers.items()), headers=headers)

        return app


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncGenerator[str, None]:
    with listen_on(0) as listener:
        front = Front(app, listener)
        front.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        await front.stop()


@pytest.fixture
async def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
async def client(upstream: Upstream) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with serving(upstream.app()) as upstream_url:
        proxy = Proxy("gallery", upstream_url)
        async with serving(proxy) as url, httpx.AsyncClient(base_url=url, timeout=10) as client:
            yield client
            upstream.go_on.set()
        await proxy.aclose()


async def test_first_event_arrives_before_the_service_has_finished(
    client: httpx.AsyncClient, upstream: Upstream
) -> None:
    async with client.stream("GET", "/events") as answer:
        chunks = answer.aiter_raw()
        assert await anext(chunks) == b"data: first\n\n"
        assert not upstream.go_on.is_set()
        upstream.go_on.set()
        assert await anext(chunks) == b"data: last\n\n"
        assert answer.headers["content-type"].startswith("text/event-stream")


async def test_service_hears_of_a_caller_who_leaves(client: httpx.AsyncClient, upstream: Upstream) -> None:
    async with client.stream("GET", "/events") as answer:
        await anext(answer.aiter_raw())
    async with asyncio.timeout(5):
        await upstream.left.wait()


async def test_body_streams_to_the_service(client: httpx.AsyncClient, upstream: Upstream) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"a" * 1000
        async with asyncio.timeout(5):
            await upstream.first_chunk.wait()  # the service has begun to read, and this isn't sent yet
        yield b"b" * 1000

    assert (await client.post("/upload", content=body())).json() == 2000


async def test_body_of_known_length_keeps_it(client: httpx.AsyncClient) -> None:
    assert (await client.post("/upload", content=b"a" * 1_999_999)).json() == 1_999_999


async def test_too_large_a_body_is_refused_whether_its_length_is_declared_or_not(
    client: httpx.AsyncClient, upstream: Upstream
) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(21):
            yield b"a" * 100_000

    declared = await client.post("/upload", content=b"a" * 2_000_001)
    assert upstream.calls == 0
    undeclared = await client.post("/upload", content=body())
    for answer in (declared, undeclared):
        assert answer.status_code == 413
        assert answer.json()["code"] == "body_too_large"


async def test_hop_by_hop_and_forged_headers_are_dropped_both_ways(client: httpx.AsyncClient) -> None:
    answer = await client.get(
        "/seen",
        headers={
            "Connection": "keep-alive, X-For-The-Gateway",
            "X-For-The-Gateway": "1",
            "TE": "trailers",
            "Keep-Alive": "timeout=5",
            "Proxy-Authorization": "x",
            "X-Forwarded-For": "6.6.6.6",
            "Forwarded": "for=6.6.6.6",
            "X-Kept": "yes",
        },
    )
    seen = dict(line.split(": ", 1) for line in answer.text.split("\n"))
    assert seen["x-kept"] == "yes"
    assert seen["host"] == client.base_url.netloc.decode()
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert not {"x-for-the-gateway", "te", "keep-alive", "proxy-authorization", "forwarded"} & set(seen)
    assert answer.headers["x-kept"] == "yes"
    assert not {"x-secret-hop", "proxy-authenticate", "connection", "server"} & set(answer.headers)
    assert len(answer.headers.get_list("date")) == 1


async def test_target_goes_on_as_it_came(client: httpx.AsyncClient) -> None:
    target = b"/a%2Fb/%7e/x%20y?q=%5B1%5D&r=a+b"
    answer = await client.get(client.base_url.copy_with(raw_path=target))
    assert answer.headers["x-target"].encode() == target


async def test_head_has_no_body(client: httpx.AsyncClient) -> None:
    answer = await client.head("/seen")
    assert (answer.status_code, answer.content, answer.headers["x-kept"]) == (200, b"", "yes")


async def test_redirects_are_not_followed_and_cookies_not_kept(client: httpx.AsyncClient, upstream: Upstream) -> None:
    assert (await client.get("/redirect")).status_code == 307
    assert upstream.calls == 0
    assert (await client.get("/cookie")).headers["set-cookie"] == "pg_session=alice"
    client.cookies.clear()
    assert (await client.get("/cookie")).text == "none"


async def test_service_that_is_down_is_unavailable() -> None:
    proxy = Proxy("gallery", f"http://127.0.0.1:{Ports().take()}")
    async with serving(proxy) as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.post("/v1/changes", json={})
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["code"] == "service_unavailable"


async def test_service_that_dies_in_the_middle_leaves_an_unfinished_answer_and_is_asked_once() -> None:
    asked = 0

    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        request = await reader.readuntil(b"\r\n\r\n")
        if b"/middle" in request:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(die, "127.0.0.1", 0) as server:
        proxy = Proxy("gallery", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with serving(proxy) as url, httpx.AsyncClient(base_url=url) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("/middle")
            assert asked == 1
            assert (await client.get("/before")).status_code == 503
            assert asked == 2
