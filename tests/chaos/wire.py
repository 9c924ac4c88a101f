"""A bare HTTP/1.1 client with kept connections: a campaign asks some hundred times a second on a small machine."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_END_OF_HEAD = b"\r\n\r\n"
_KEPT_AT_MOST = 8

UNANSWERED = 0
"""The status of a request that got no answer: nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or (status `UNANSWERED`) none."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


_NONE = Answer(UNANSWERED, {}, b"")
_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    """Asks servers; every request is bounded in time and none is repeated."""

    def __init__(self, timeout_s: float = 5.0) -> None:
        self._timeout_s = timeout_s
        self._idle: dict[str, list[_Connection]] = defaultdict(list)

    async def ask(
        self,
        method: str,
        base_url: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send a request and give its answer, or `UNANSWERED`."""
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s):
                return await self._exchange(method, base_url, _request(method, base_url, path, headers or {}, body))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            return _NONE

    async def aclose(self) -> None:
        """Close the kept connections."""
        for connections in self._idle.values():
            for _, writer in connections:
                writer.close()
        self._idle.clear()

    async def _exchange(self, method: str, base_url: str, request: bytes) -> Answer:
        kept = self._take(base_url)
        if kept is None:
            address = urlsplit(base_url)
            kept = await asyncio.open_connection(address.hostname, address.port, limit=2**22)
        reader, writer = kept
        is_fine = False
        try:
            writer.write(request)
            head = await reader.readuntil(_END_OF_HEAD)
            status, headers = _parse(head)
            body = b"" if method == "HEAD" or status in {204, 304} else await _body(reader, headers)
            is_fine = headers.get("connection") != "close"
        finally:
            if is_fine and len(self._idle[base_url]) < _KEPT_AT_MOST:
                self._idle[base_url].append(kept)
            else:
                with suppress(OSError):
                    writer.close()
        return Answer(status, headers, body)

    def _take(self, base_url: str) -> _Connection | None:
        idle = self._idle[base_url]
        while idle:
            reader, writer = idle.pop()
            # A server that ended has closed it: sending there would make an unknown of what never arrived.
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return None


def _request(method: str, base_url: str, path: str, headers: Mapping[str, str], body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    fields = {"Host": urlsplit(base_url).netloc, **headers}
    if content:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + content


def _parse(head: bytes) -> tuple[int, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest if line)
    return int(first[9:12]), {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", "0")))
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(parts)
