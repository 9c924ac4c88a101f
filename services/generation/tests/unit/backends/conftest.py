"""A provider of the OpenAI images API on a loopback port, and what tests look at in a PNG."""

import io
import socket
import threading
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


class Provider:
    """Gives the answers it was told to, in order, the last one again and again; remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: list[Response | Callable[[], Awaitable[Response]]] = []
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.fetched: list[str] = []
        self.files: dict[str, bytes] = {}
        self.being_asked = threading.Event()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/images/generations", self._generate, methods=["POST"]),
                Route("/v1/files/{name}", self._file),
            ]
        )

    async def _generate(self, request: Request) -> Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        self.being_asked.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, Response) else await answer()

    async def _file(self, request: Request) -> Response:
        self.fetched.append(request.path_params["name"])
        return Response(self.files[request.path_params["name"]], media_type="image/png")


@pytest.fixture
def provider() -> Generator[Provider, None, None]:
    """A provider on a free port, served by a thread of its own."""
    provider = Provider()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        provider.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        config = uvicorn.Config(provider.app(), log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = threading.Thread(target=server.run, args=([listening],))
        serving.start()
        yield provider
        server.should_exit = True
        serving.join()


@dataclass(frozen=True)
class Inspected:
    """What a PNG is made of."""

    chunks: set[bytes]
    size: tuple[int, int]
    pixels: NDArray[np.float32]


@pytest.fixture
def inspect() -> Callable[[bytes], Inspected]:
    """Take a PNG apart."""

    def take_apart(png: bytes) -> Inspected:
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        chunks, at = set(), 8
        while at < len(png):
            chunks.add(png[at + 4 : at + 8])
            at += 12 + int.from_bytes(png[at : at + 4], "big")
        picture = Image.open(io.BytesIO(png))
        return Inspected(chunks, picture.size, np.asarray(picture.convert("RGB"), dtype=np.float32))

    return take_apart
