import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from download.byte_responses import stream_response

SAFETY = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


class Client:
    """An ASGI client that can leave after some pieces: `receive` tells of it, `send` fails from then on."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.sent: list[Any] = []
        self._leaves_after = leaves_after
        self._left = asyncio.Event()

    @property
    def pieces(self) -> list[bytes]:
        return [it["body"] for it in self.sent if it["type"] == "http.response.body" and it["body"]]

    async def receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
        if self._leaves_after is not None and len(self.pieces) >= self._leaves_after:
            self._left.set()
            await asyncio.sleep(0)
            raise OSError


class Pieces:
    def __init__(self) -> None:
        self.made = 0
        self.closed = False

    async def stream(self) -> AsyncGenerator[bytes, None]:
        try:
            for number in range(5):
                self.made += 1
                yield bytes([number])
        finally:
            self.closed = True


def scope(spec_version: str) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "asgi": {"spec_version": spec_version}}


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_stream_is_sent_whole_as_private_bytes_are(spec_version: str) -> None:
    pieces, client = Pieces(), Client()
    response = stream_response(pieces.stream(), media_type="application/zip", attachment="images.zip")
    await response(scope(spec_version), client.receive, client.send)
    assert client.pieces == [bytes([number]) for number in range(5)]
    assert pieces.closed
    assert dict(response.headers) == SAFETY | {
        "cache-control": "private, no-store",
        "content-disposition": 'attachment; filename="images.zip"',
        "content-type": "application/zip",
    }


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_client_that_leaves_closes_the_stream_at_once(spec_version: str) -> None:
    pieces, client = Pieces(), Client(leaves_after=2)
    chunks = pieces.stream()  # Held here: nothing is left to the garbage collector.
    response = stream_response(chunks, media_type="application/zip", attachment="images.zip")
    await asyncio.gather(response(scope(spec_version), client.receive, client.send), return_exceptions=True)
    assert (pieces.made, pieces.closed) == (2, True)
