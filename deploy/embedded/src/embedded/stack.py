"""What runs on the stores: the issuer, the gateway on PORT, and the services behind it."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.data_dir import DataDir
from embedded.errors import ServiceError
from embedded.front import Front
from embedded.gateway import Gateway
from embedded.issuer import LOOPBACK_HOSTS, DevelopmentIssuer, create_issuer_app
from embedded.logs import log_to
from embedded.page import load_page
from embedded.preparation import prepare
from embedded.services import Catalogue
from embedded.single import run_in_process
from embedded.split import Process, run_in_processes
from embedded.stores import StoreAddresses
from embedded.surroundings import Surroundings

_READY_WITHIN_S = 310.0  # a rebuild of large read models may take its five minutes
_ASK_EVERY_S = 0.02

Say = Callable[[str], None]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to run: `split` into processes or not; `rebuild` after an unclean end; the page and the issuer's names."""

    catalogue: Catalogue
    split: bool
    rebuild: bool
    log_level: str
    page_dir: Path
    issuer_hosts: frozenset[str]


@asynccontextmanager
async def running(
    plan: Plan,
    folder: DataDir,
    stores: StoreAddresses,
    listener: socket.socket,
    *,
    report: Say,
    not_in_order: Say,
) -> AsyncGenerator[None, None]:
    """Serve on `listener` until the context ends; entered when every service is ready.

    Raises:
        ServiceError: the set-up or a service doesn't start.
        DataDirError: the issuer's key is broken.
    """
    log_to(folder.logs / "embedded.log", plan.log_level)
    log.info("stores are ready")
    issuer = DevelopmentIssuer(folder.secrets.issuer_private_key)
    log.warning("the development issuer is on: it gives anybody a token for any user")
    page = load_page(plan.page_dir)
    if page is None:
        log.warning("the page isn't built: only the HTTP API is served", extra={"folder": str(plan.page_dir)})
    issuer_app = create_issuer_app(issuer, LOOPBACK_HOSTS | plan.issuer_hosts)
    gateway = Gateway(issuer_app, plan.catalogue.names, page)
    front = Front(gateway, listener)
    front.start()  # the services fetch the issuer's keys through it
    port: int = listener.getsockname()[1]
    surroundings = Surroundings(stores, folder.secrets, port, plan.log_level)
    try:
        await prepare(plan.catalogue, surroundings.environment(port, {}), rebuild=plan.rebuild, report=report)
        log.info("topics, buckets and indexes are there")
        async with _services(plan, surroundings, gateway, folder, report, not_in_order) as processes:
            try:
                await _until_ready(gateway, processes)
                log.info("services are ready")
                yield
            finally:
                await front.stop()
    finally:
        await front.stop()


def _services(
    plan: Plan, surroundings: Surroundings, gateway: Gateway, folder: DataDir, report: Say, not_in_order: Say
) -> AbstractAsyncContextManager[Sequence[Process]]:
    if plan.split:
        return run_in_processes(plan.catalogue, surroundings, gateway, folder, report=report, not_in_order=not_in_order)
    return run_in_process(plan.catalogue, surroundings, gateway, not_in_order=not_in_order)


async def _until_ready(gateway: Gateway, processes: Sequence[Process]) -> None:
    states: dict[str, str] = {}
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            while (states := await gateway.states("readyz")) and set(states.values()) != {"ok"}:
                for process in processes:
                    if process.endings:
                        raise process.failure()
                await asyncio.sleep(_ASK_EVERY_S)
    except TimeoutError:
        late = ", ".join(f"{name} ({state})" for name, state in states.items() if state != "ok")
        raise ServiceError(f"Not ready within {_READY_WITHIN_S:.0f} s: {late}.") from None
