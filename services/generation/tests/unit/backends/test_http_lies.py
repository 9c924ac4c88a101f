"""The http back end against a provider that lies: bombs, endless answers, addresses elsewhere."""

import asyncio
import base64
import io
import struct
import zlib
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest
from PIL import Image
from starlette.responses import JSONResponse, RedirectResponse, Response

from generation.backends import RenderFailed, RenderRequest
from generation.backends.http import HttpBackend
from generation.backends.http.backend import MAX_BODY

REQUEST = RenderRequest(prompt="herons", seed=7, width=96, height=64)

Provider = Any


def ignore(_: float) -> None:
    pass


def encoded(size: tuple[int, int] = (96, 64), kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 40, 90)).save(out, kind, **options)
    return out.getvalue()


def answer(picture: bytes) -> Response:
    return JSONResponse({"data": [{"b64_json": base64.b64encode(picture).decode()}]})


@pytest.fixture
async def backend(provider: Provider) -> AsyncGenerator[HttpBackend, None]:
    backend = HttpBackend(provider.url, None, "painter-1", 20.0, first_wait_s=0.01)
    yield backend
    await backend.aclose()


async def test_address_on_the_same_host_is_fetched(provider: Provider, backend: HttpBackend) -> None:
    provider.files["made.png"] = encoded()
    provider.answers = [JSONResponse({"data": [{"url": f"{provider.url}/files/made.png"}]})]
    assert (await backend.render(REQUEST, ignore)).startswith(b"\x89PNG")
    assert provider.fetched == ["made.png"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/made.png", "http://localhost/x", "file:///etc/passwd", "http://["])
async def test_address_elsewhere_is_never_fetched(provider: Provider, backend: HttpBackend, url: str) -> None:
    provider.answers = [JSONResponse({"data": [{"url": url}]})]
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    assert failure.value.code == "provider_answer_unusable"
    assert len(provider.asked) == 1


async def test_redirect_is_not_followed(provider: Provider, backend: HttpBackend) -> None:
    provider.answers = [RedirectResponse(f"{provider.url}/files/made.png")]
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    assert failure.value.code == "provider_misconfigured"
    assert provider.fetched == []


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    content = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


NOT_PICTURES = {
    "html": Response("<html>hello</html>", media_type="text/html"),
    "empty list": JSONResponse({"data": []}),
    "no list": JSONResponse([1, 2]),
    "null": JSONResponse({"data": [None]}),
    "broken base64": JSONResponse({"data": [{"b64_json": "§§§"}]}),
    "deep": Response("[" * 200_000),
    "text": answer(b"certainly not a picture"),
    "truncated": answer(encoded((600, 600), "JPEG")[:900]),
    "gif": answer(encoded(kind="GIF")),
    "bomb": answer(png_that_claims(60_000, 60_000)),
    "large": answer(png_that_claims(5000, 5000)),
}


@pytest.mark.parametrize("kind", NOT_PICTURES)
async def test_answer_that_is_no_picture_is_refused(provider: Provider, backend: HttpBackend, kind: str) -> None:
    provider.answers = [NOT_PICTURES[kind]]
    with pytest.raises(RenderFailed) as failure:
        await backend.render(REQUEST, ignore)
    assert failure.value.code == "provider_answer_unusable"
    assert len(provider.asked) == 1


async def test_answer_without_end_is_cut_off() -> None:
    delivered = 0

    async def answer_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A bare socket, since an HTTP server goes on "sending" to who has left: what is drained was taken.
        nonlocal delivered
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while delivered < 40 * MAX_BODY:
                writer.write(b"100000\r\n" + b" " * (1 << 20) + b"\r\n")
                await writer.drain()
                delivered += 1 << 20
        writer.close()

    server = await asyncio.start_server(answer_without_end, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    backend = HttpBackend(f"http://127.0.0.1:{port}", None, "painter-1", 20.0, first_wait_s=0.01)
    try:
        with pytest.raises(RenderFailed) as failure:
            await backend.render(REQUEST, ignore)
    finally:
        await backend.aclose()
        server.close()
    assert failure.value.code == "provider_answer_unusable"
    assert MAX_BODY <= delivered < 3 * MAX_BODY
