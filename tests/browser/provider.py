"""A provider of pictures that a test holds up, lets go, or makes refuse; the system asks it over HTTP as any other."""

import asyncio
import base64
import io
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ENDS_WITHIN_S = 1
HELD_AT_MOST_S = 60


class Provider:
    """Answers at once, unless it was told otherwise."""

    def __init__(self) -> None:
        self.url = ""
        self.refusal: str | None = None
        self._gate = threading.Condition()
        self._is_held = False
        self._may_pass = 0

    def hold(self) -> None:
        """Begin pictures, and don't finish them."""
        with self._gate:
            self._is_held, self._may_pass = True, 0

    def finish_one(self) -> None:
        """Finish one of them, and hold the others."""
        with self._gate:
            self._may_pass += 1
            self._gate.notify_all()

    def let_go(self) -> None:
        """Finish them."""
        with self._gate:
            self._is_held = False
            self._gate.notify_all()

    def restore(self) -> None:
        """Answer at once again."""
        self.refusal = None
        self.let_go()

    async def generate(self, request: Request) -> Response:
        """Answer as OpenAI's images API does."""
        wanted = await request.json()
        await asyncio.to_thread(self._wait_at_the_gate)
        if self.refusal is not None:
            return JSONResponse({"error": {"message": self.refusal}}, 400)
        width, height = (int(part) for part in wanted["size"].split("x"))
        picture = io.BytesIO()
        Image.radial_gradient("L").resize((width, height)).convert("RGB").save(picture, "PNG")
        return JSONResponse({"data": [{"b64_json": base64.b64encode(picture.getvalue()).decode()}]})

    def _wait_at_the_gate(self) -> None:
        with self._gate:
            self._gate.wait_for(lambda: not self._is_held or self._may_pass > 0, HELD_AT_MOST_S)
            self._may_pass = max(0, self._may_pass - 1)


@contextmanager
def serving() -> Generator[Provider, None, None]:
    """Serve one, in a thread of its own, until the context ends."""
    provider = Provider()
    app = Starlette(routes=[Route("/v1/images/generations", provider.generate, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider.url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=ENDS_WITHIN_S)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield provider
        finally:
            provider.let_go()
            server.should_exit = True
            thread.join()
