"""Single mode: the four applications and the worker in this process."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from embedded.errors import ServiceError, in_brief
from embedded.gateway import Gateway
from embedded.services import Catalogue, Environment, Service, Worker
from embedded.split import Process
from embedded.surroundings import Surroundings
from shared.serve import freeze_heap

_STOP_WITHIN_S = 6.0


class Hosted:
    """A context that is entered and left by one task of its own, as task groups inside it need."""

    def __init__(self, name: str, context: AbstractAsyncContextManager[Any], on_entered: Callable[[Any], None]) -> None:
        self.name = name
        self._context = context
        self._on_entered = on_entered
        self._leave = asyncio.Event()
        self._entered = asyncio.Event()
        self._task = asyncio.create_task(self._host())

    async def entered(self) -> None:
        """Wait until it is entered.

        Raises:
            ServiceError: it can't be.
        """
        entering = asyncio.create_task(self._entered.wait())
        await asyncio.wait({entering, self._task}, return_when=asyncio.FIRST_COMPLETED)
        entering.cancel()
        if self._task.done() and (error := self._task.exception()) is not None:
            raise _doesnt_start(self.name, error) from error

    async def leave(self) -> None:
        """Leave it, in the usual way if it was entered; its errors at the end are the log's."""
        self._leave.set()
        if not self._entered.is_set():
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _host(self) -> None:
        async with self._context as value:
            self._on_entered(value)
            self._entered.set()
            await self._leave.wait()


@asynccontextmanager
async def run_in_process(
    catalogue: Catalogue, surroundings: Surroundings, gateway: Gateway, *, not_in_order: Callable[[str], None]
) -> AsyncGenerator[Sequence[Process], None]:
    """Start the applications at once, attaching each to the gateway; stop them in reverse order. It gives no processes.

    Raises:
        ServiceError: one doesn't start.
    """
    environment = surroundings.environment(surroundings.front_port, {})
    hosted: list[Hosted] = []
    try:
        for service in catalogue.services:
            hosted.append(_host_service(service, environment, gateway))  # noqa: PERF401 - those before a failing one
        hosted.append(_host_worker(catalogue.worker, environment))
        for one in hosted:
            await one.entered()
        freeze_heap()
        yield ()
    finally:
        try:
            async with asyncio.timeout(_STOP_WITHIN_S):
                for one in reversed(hosted):
                    await one.leave()
        except TimeoutError:
            not_in_order(f"the services didn't stop within {_STOP_WITHIN_S:.0f} s")


def _host_service(service: Service, environment: Environment, gateway: Gateway) -> Hosted:
    try:
        app = service.create_app(environment)
    except Exception as error:
        raise _doesnt_start(service.name, error) from error

    def attach(state: Mapping[str, Any] | None) -> None:
        gateway.attach(service.name, _with_state(app, state or {}))

    return Hosted(service.name, app.router.lifespan_context(app), attach)


def _host_worker(worker: Worker, environment: Environment) -> Hosted:
    try:
        context = worker.run(environment)
    except Exception as error:
        raise _doesnt_start(worker.name, error) from error
    return Hosted(worker.name, context, on_entered=lambda _: None)


def _doesnt_start(name: str, error: BaseException) -> ServiceError:
    return ServiceError(f"{name} doesn't start ({in_brief(error)}).")


def _with_state(app: ASGIApp, state: Mapping[str, Any]) -> ASGIApp:
    """Give requests what the lifespan yielded, as a server does."""
    if not state:
        return app

    async def stateful(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return stateful
