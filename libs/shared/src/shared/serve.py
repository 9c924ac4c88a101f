"""How a service's process serves its application: it begins when it may be asked, and ends without failing anybody."""

import asyncio
import gc
import socket
import sys
from contextlib import suppress
from typing import Any

import uvicorn
from fastapi import FastAPI

from shared.http.app import Readiness
from shared.settings import ServiceSettings
from shared.telemetry import log_as_json

_BACKLOG = 2048
_LAST_REQUESTS_S = 0.5
"""How long a connection that was accepted last has for sending its request."""


def serve(app: FastAPI, service: str, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or Ctrl-C; requests under way get ten seconds to end."""
    log_as_json(service, settings.log_level)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
        timeout_keep_alive=30,
        limit_concurrency=1_000,
        backlog=_BACKLOG,
    )
    server = Server(config, app.state.readiness, listen_once_ready=settings.listen_once_ready)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)  # as uvicorn says that the application didn't start


def freeze_heap() -> None:
    """Exempt what has been made so far, which stays until the end, from the search for garbage.

    Else each full search goes through all modules and models, and holds up whatever is asked then for a tenth of a
    second.
    """
    gc.collect()
    gc.freeze()


class Server(uvicorn.Server):
    """Uvicorn's, behind a balancer that knows replicas by their address only.

    `listen_once_ready`: it refuses connections until it is ready, so that the balancer takes another replica. At its
    end it takes what has reached it already, says that it isn't ready, refuses new connections, and hears out those
    that it has: none was promised an answer that never comes.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness, *, listen_once_ready: bool) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._listen_once_ready = listen_once_ready
        self._listener: socket.socket | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and listen."""
        await super().startup(sockets=[])
        freeze_heap()
        while self._listen_once_ready and not self._readiness.caught_up.is_set() and not self.should_exit:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._readiness.caught_up.wait(), 0.2)
        if not self.should_exit:
            self._listener = _bound(self.config.host, self.config.port)
            server = await asyncio.get_running_loop().create_server(
                self._protocol, sock=self._listener, backlog=self.config.backlog
            )
            self.servers = [server]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End: see the class."""
        self._readiness.waiting_for("its end")
        if self._listener is not None:
            await self._take_what_has_come(self._listener)
            await asyncio.sleep(_LAST_REQUESTS_S)
        await super().shutdown(sockets)

    async def _take_what_has_come(self, listener: socket.socket) -> None:
        # A connection that the kernel took and we didn't would be reset: a change without an answer.
        loop = asyncio.get_running_loop()
        taken = []
        with suppress(BlockingIOError, OSError):
            while True:
                taken.append(listener.accept()[0])
        for server in self.servers:
            server.close()
        for connection in taken:
            connection.setblocking(False)
            with suppress(OSError):
                await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)
        return made


def _bound(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(False)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        sys.exit(f"can't listen on {host}:{port}: {error.strerror}")
    return listener
