"""A streaming reverse proxy to one service, as an ASGI application.

It speaks to httpx's transport, below its client: no cookies are kept, no redirects followed, nothing is tried twice,
no header added. The request's target goes on byte by byte, as it came.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import httpx
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from shared.http.problems import Problem

Headers = list[tuple[bytes, bytes]]
_HOP_BY_HOP: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade"),
    }
)
# Only this proxy may say for whom it asks.
_FORWARDED: Final = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port", b"x-real-ip"}
)
_FROM_SERVER: Final = frozenset({b"date", b"server"})  # the front sets its own
_TIMEOUTS: Final = {"connect": 2.0, "read": 60.0, "write": 30.0, "pool": 5.0}  # seconds; read: between two chunks


class Proxy:
    """Passes requests on to `base_url` (http://host:port)."""

    def __init__(self, name: str, base_url: str) -> None:
        self._name = name
        self._base_url = base_url
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=50, keepalive_expiry=2.0)
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False, retries=0)

    async def aclose(self) -> None:
        """Close the connections to the service."""
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, ending it when its caller leaves."""
        caller = _Caller(receive)
        request = httpx.Request(
            scope["method"],
            self._base_url,
            headers=_request_headers(scope),
            stream=caller if caller.has_body(scope) else httpx.ByteStream(b""),
            extensions={"timeout": _TIMEOUTS, "target": _target(scope)},
        )
        passing = asyncio.create_task(self._pass_on(request, scope, receive, send))
        leaving = asyncio.create_task(caller.left())
        try:
            await asyncio.wait({passing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (passing, leaving):
                task.cancel()
            await asyncio.wait({passing, leaving})
        with suppress(asyncio.CancelledError, ClientDisconnect):
            passing.result()

    async def _pass_on(self, request: httpx.Request, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._transport.handle_async_request(request)
        except (httpx.ReadTimeout, httpx.WriteTimeout):
            await self._fail(504, "service_timeout", "doesn't answer", scope, receive, send)
            return
        except httpx.TransportError:
            await self._fail(503, "service_unavailable", "can't be reached now", scope, receive, send)
            return
        try:
            await send(
                {"type": "http.response.start", "status": answer.status_code, "headers": _answer_headers(answer)}
            )
            async for chunk in answer.stream:  # type: ignore[union-attr]
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except httpx.TransportError:
            return  # the server sees an answer without its end and closes the connection: the caller sees it too
        finally:
            await answer.aclose()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _fail(self, status: int, code: str, what: str, scope: Scope, receive: Receive, send: Send) -> None:
        problem = Problem(status, code, f"{self._name} {what}.", retry_after_s=1)
        await problem.response()(scope, receive, send)


class _Caller(httpx.AsyncByteStream):
    """The caller's side: their body as a stream, then their leaving."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._body_read = asyncio.Event()

    def has_body(self, scope: Scope) -> bool:
        """Tell whether a body was announced; without one it counts as read."""
        names = dict(scope["headers"])
        if names.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in names:
            return True
        self._body_read.set()
        return False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            more = message.get("more_body", False)
            yield message.get("body", b"")
        self._body_read.set()

    async def left(self) -> None:
        """Wait until the caller is gone."""
        await self._body_read.wait()
        message: Message = {"type": ""}
        while message["type"] != "http.disconnect":
            message = await self._receive()


def _target(scope: Scope) -> bytes:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _request_headers(scope: Scope) -> Headers:
    headers = _end_to_end(scope["headers"], _FORWARDED)
    if any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        headers.append((b"transfer-encoding", b"chunked"))  # our own hop, for a body of unknown length
    client = scope.get("client")
    if client is not None:
        headers.append((b"x-forwarded-for", client[0].encode()))
    return headers


def _answer_headers(answer: httpx.Response) -> Headers:
    return [(name.lower(), value) for name, value in _end_to_end(answer.headers.raw, _FROM_SERVER)]


def _end_to_end(headers: Headers, also_without: frozenset[bytes]) -> Headers:
    named = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    dropped = _HOP_BY_HOP | also_without | named
    return [(name, value) for name, value in headers if name.lower() not in dropped]
