"""A process refuses connections until it is ready, and at its end answers whoever it has accepted."""

import asyncio
import gc
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from shared.healthcheck import is_healthy
from shared.http.app import Readiness
from shared.probing import answering_probes
from shared.serve import Server
from shared.testing.apps import eventually


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Quiet(Server):
    @asynccontextmanager
    async def running(self) -> AsyncGenerator[str, None]:
        self.config.load()
        task = asyncio.create_task(self._serve())
        try:
            yield f"http://127.0.0.1:{self.config.port}"
        finally:
            self.should_exit = True
            await asyncio.wait_for(task, 20)


def server(readiness: Readiness, *, listen_once_ready: bool = True) -> Quiet:
    app = FastAPI()
    release = asyncio.Event()
    app.state.release = release

    @app.post("/change")
    async def change() -> str:
        await release.wait()
        return "done"

    config = uvicorn.Config(app, host="127.0.0.1", port=free_port(), log_config=None, timeout_graceful_shutdown=5)
    made = Quiet(config, readiness, listen_once_ready=listen_once_ready)
    app.state.readiness = readiness
    return made


async def listens(url: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(url)).status_code == 404
    except httpx.TransportError:
        return False


async def test_process_that_is_not_ready_refuses_connections() -> None:
    readiness = Readiness()
    async with server(readiness).running() as url:
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as client:
                await client.get(url)
        readiness.ready()
        await eventually(lambda: listens(url))


async def test_process_that_ends_answers_what_it_has_accepted_and_refuses_the_rest() -> None:
    readiness = Readiness()
    readiness.ready()
    ending = server(readiness)
    async with ending.running() as url:
        await eventually(lambda: listens(url))
        # Connected, and nothing asked yet: it must still be heard.
        reader, writer = await asyncio.open_connection("127.0.0.1", ending.config.port)
        ending.should_exit = True
        await eventually(lambda: asyncio.sleep(0, not readiness.is_ready))
        assert not await listens(url)
        writer.write(b"POST /change HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        ending.config.app.state.release.set()  # type: ignore[union-attr]
        assert (await asyncio.wait_for(reader.readline(), 5)).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_worker_answers_probes_by_its_readiness() -> None:
    readiness, port = Readiness(), free_port()
    environment = {"PROBE_PORT": str(port)}
    async with answering_probes(readiness, "127.0.0.1", port):
        assert not await asyncio.to_thread(is_healthy, environment)
        readiness.ready()
        assert await asyncio.to_thread(is_healthy, environment)
        assert await asyncio.to_thread(is_healthy, {**environment, "HEALTH_PATH": "/livez"})
        assert not await asyncio.to_thread(is_healthy, {**environment, "HEALTH_PATH": "/elsewhere"})
    assert not await asyncio.to_thread(is_healthy, environment)


async def test_what_is_there_at_the_start_is_exempt_from_the_search_for_garbage() -> None:
    gc.unfreeze()
    serving = server(Readiness(), listen_once_ready=False)
    async with serving.running() as url:
        await eventually(lambda: listens(url))
        assert gc.get_freeze_count() > 0
    gc.unfreeze()
