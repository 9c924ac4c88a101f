import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypedDict

from fastapi import FastAPI, Request

from .settings import Settings, write_down


class State(TypedDict):
    started: str


async def _never_end() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


def create_app(settings: Settings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[State, None]:
        if settings.stub_fails:
            raise RuntimeError("the stub was told to fail")
        write_down(settings, "start")
        if settings.stub_leaves_a_task:
            app.state.left = asyncio.create_task(_never_end())
        yield {"started": "yes"}
        await asyncio.sleep(settings.stub_lingers_s)
        write_down(settings, "stop")

    app = FastAPI(lifespan=lifespan)

    @app.get("/livez")
    @app.get("/readyz")
    async def well() -> str:
        return "ok"

    @app.get("/internal")
    @app.get("/v1/{path:path}")
    async def echo(request: Request) -> dict[str, object]:
        return {
            "pid": os.getpid(),
            "path": request.url.path,
            "state": request.state.started,
            "kafka": settings.kafka_bootstrap_servers,
        }

    return app
