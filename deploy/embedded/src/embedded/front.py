"""The HTTP server of PORT."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from embedded.body_cap import BodyCap

_FINISH_WITHIN_S = 2


class _Server(uvicorn.Server):
    """Leaves signals to the supervisor, which ends things in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Front:
    """Serves `app` on a socket that listens already; `start` and `stop` once each."""

    def __init__(self, app: ASGIApp, listener: socket.socket) -> None:
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                BodyCap(app),
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=_FINISH_WITHIN_S,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to answer."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))

    async def stop(self) -> None:
        """Take no more requests, and give those under way two seconds."""
        if self._serving is None:
            return
        # As a signal would: sse-starlette hears of it there and ends its streams.
        self._server.handle_exit(signal.SIGTERM, None)
        await asyncio.wait({self._serving})
        self._serving = None
