"""A bare HTTP/1.1 client on one keep-alive connection: so little of it that the time is the server's."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `head` is the status line and the headers as they came."""

    status: int
    head: bytes
    body: bytes

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.body)


class Connection:
    """One connection to one server; a request at a time. A context manager that opens and closes it."""

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80

    async def __aenter__(self) -> Self:
        """Open it."""
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, limit=2**20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._writer.close()

    def request(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> bytes:
        """Put a request together, for `send`; `body` is sent as JSON."""
        content = b"" if body is None else json.dumps(body).encode()
        fields = {"Host": f"{self._host}:{self._port}", **headers}
        if content:
            fields |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return "\r\n".join(lines).encode() + _END_OF_HEAD + content

    async def send(self, request: bytes) -> Answer:
        """Send a request and read its answer whole.

        Raises:
            ValueError: the answer doesn't say how long it is.
        """
        self._writer.write(request)
        head = await self._reader.readuntil(_END_OF_HEAD)
        _, found, rest = head.lower().partition(b"\r\ncontent-length:")
        if not found:
            raise ValueError("an answer without a length")
        body = await self._reader.readexactly(int(rest.partition(b"\r\n")[0]))
        return Answer(int(head[9:12]), head, body)
