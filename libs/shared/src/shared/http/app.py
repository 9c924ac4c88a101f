"""A service's HTTP application: problems, strict bodies, health routes, OpenAPI under one name each."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http import problems
from shared.http.problems import Problem
from shared.mongo import StoreError
from shared.objects import ObjectStoreError

log = logging.getLogger(__name__)

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Readiness:
    """Two questions: has the service caught up once since its start, and should new requests come here now."""

    def __init__(self) -> None:
        self._waiting_for = "the start"
        self.caught_up = asyncio.Event()

    def waiting_for(self, what: str) -> None:
        """Say what the start, or the end, is waiting for now."""
        self._waiting_for = what

    def ready(self) -> None:
        """The service has caught up; later staleness is a metric."""
        self._waiting_for = ""
        self.caught_up.set()

    async def require_caught_up(self) -> None:
        """Refuse (503 `not_ready`) to answer from rows that may be older than what was promised before the start."""
        # A coroutine that waits for nothing: for any other function each request would take a thread.
        if not self.caught_up.is_set():
            raise self._problem()

    @property
    def is_ready(self) -> bool:
        """Tell whether new requests should come here now."""
        return not self._waiting_for

    def check(self) -> None:
        """Answer the readiness probe: also refuses while the service is ending, though it still serves."""
        if self._waiting_for:
            raise self._problem()

    def _problem(self) -> Problem:
        return Problem(503, "not_ready", f"Waiting for {self._waiting_for}.", retry_after_s=1)


def create_api(service: str, readiness: Readiness, routers: list[APIRouter], lifespan: Lifespan) -> FastAPI:
    """Put together the application of `service`."""
    app = FastAPI(
        title=f"Private Generations: {service}",
        version="1",
        openapi_url=f"/openapi/{service}.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.readiness = readiness
    problems.install(app, (StoreError, KafkaError, httpx.TransportError, TimeoutError, *ObjectStoreError))
    for router in routers:
        app.include_router(router, dependencies=[Depends(readiness.require_caught_up)])
    app.include_router(_health(readiness))
    app.add_middleware(RequestLog, service=service)
    return app


def _health(readiness: Readiness) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return Response("ok", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        readiness.check()
        return Response("ok", media_type="text/plain")

    return router


class RequestLog:
    """Outermost: one log line a request by route template, errors turned into a bare 500 problem."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the last resort: say nothing to the caller, its type to us
            log.error("unexpected error", extra={"error": type(error).__name__, "at": _where(error)})
            if status == 0:
                status = 500
                await Problem(500, "internal_error", "Something went wrong here; try again.").response()(
                    scope, receive, send
                )
        finally:
            route: Any = scope.get("route")
            log.debug(
                "request",
                extra={
                    "method": scope["method"],
                    "route": getattr(route, "path", "unknown"),
                    "status": status,
                    "ms": round((time.perf_counter() - began) * 1000, 1),
                },
            )


def _where(error: BaseException) -> list[str]:
    """Give the code places of a traceback without its message, which could quote somebody's data."""
    places, frame = [], error.__traceback__
    while frame is not None:
        places.append(f"{frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}")
        frame = frame.tb_next
    return places[-8:]
