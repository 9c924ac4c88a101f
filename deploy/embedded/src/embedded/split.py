"""Split mode: every service and the worker in a process of its own, so that one can be paused or ended alone."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from embedded.child import Child
from embedded.data_dir import DataDir
from embedded.errors import ServiceError
from embedded.gateway import Gateway
from embedded.ports import LOOPBACK, Ports
from embedded.proxy import Proxy
from embedded.services import Catalogue, Environment
from embedded.surroundings import Surroundings

_STOP_WITHIN_S = 6.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_STEADY_AFTER_S = 30.0


class Process:
    """A service's process, started again whenever it ends by itself; `endings` counts how often it did."""

    def __init__(
        self,
        name: str,
        arguments: tuple[str, ...],
        environment: Environment,
        folder: DataDir,
        report: Callable[[str], None],
    ) -> None:
        self.name = name
        self.endings = 0
        self._arguments = arguments
        self._environment = environment
        self._folder = folder
        self._report = report
        self._child: Child | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it and keep it running.

        Raises:
            OSError: it can't be started.
        """
        self._child = await self._spawn()
        self._keeping = asyncio.create_task(self._keep(self._child))

    def failure(self) -> ServiceError:
        """Say why it isn't running."""
        words = self._child.last_words() if self._child else ""
        code = self._child.exit_code if self._child else None
        return ServiceError(
            f"{self.name} doesn't start (exit code {code}{f'; its last words: {words}' if words else ''}): "
            f"see {self._folder.logs / self.name}.log."
        )

    async def stop(self) -> bool:
        """End it for good; give whether it ended in time."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        return self._child is None or await self._child.end(_STOP_WITHIN_S)

    async def _spawn(self) -> Child:
        return await Child.start(
            self.name,
            [sys.executable, "-m", *self._arguments],
            environment={**os.environ, **self._environment},
            folder=self._folder.path,
        )

    async def _keep(self, child: Child) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            began = time.monotonic()
            code = await child.wait()
            self.endings += 1
            if time.monotonic() - began > _STEADY_AFTER_S:
                pause = _FIRST_PAUSE_S
            self._report(f"{self.name} {_how(code)}; starting it again in {pause:.1f} s (see {child.log}).")
            if code == -signal.SIGKILL:
                self._report(
                    "The embedded broker doesn't notice members that were killed: if "
                    f"{self.name} doesn't get ready again, start the whole stack anew."
                )
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            child = self._child = await self._spawn()


@asynccontextmanager
async def run_in_processes(
    catalogue: Catalogue,
    surroundings: Surroundings,
    gateway: Gateway,
    folder: DataDir,
    *,
    report: Callable[[str], None],
    not_in_order: Callable[[str], None],
) -> AsyncGenerator[Sequence[Process], None]:
    """Start the processes at once, attach a proxy for each service to the gateway; stop them at once.

    Raises:
        OSError: one can't be started.
    """
    free = Ports()
    ports = {name: free.take() for name in catalogue.names}
    urls = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
    processes = [
        Process(
            service.name,
            (service.package, *service.arguments),
            surroundings.environment(ports[service.name], urls),
            folder,
            report,
        )
        for service in catalogue.services
    ]
    worker = catalogue.worker
    environment = surroundings.environment(surroundings.front_port, urls)
    processes.append(Process(worker.name, (worker.package, "worker"), environment, folder, report))
    async with AsyncExitStack() as proxies:
        try:
            for process in processes:
                await process.start()
            for name, url in urls.items():
                proxy = Proxy(name, url)
                proxies.push_async_callback(proxy.aclose)
                gateway.attach(name, proxy)
            yield processes
        finally:
            in_time = await asyncio.gather(*(process.stop() for process in processes))
            if not all(in_time):
                late = ", ".join(process.name for process, fine in zip(processes, in_time, strict=True) if not fine)
                not_in_order(f"{late} didn't stop within {_STOP_WITHIN_S:.0f} s and had to be killed")


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
