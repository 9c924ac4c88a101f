"""One run from start to end: port, folder, stores, and on them the stack; then all of it back in reverse.

Nothing here imports a web framework or a client library: those take seconds to load, in which the stores start.
"""

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import ModuleType

from embedded import pid_files
from embedded.data_dir import DataDir, open_data_dir
from embedded.ending import Ending
from embedded.errors import EmbeddedError
from embedded.ports import LOOPBACK, listen_on
from embedded.services import Catalogue
from embedded.settings import EmbeddedSettings
from embedded.store_kinds import S3Keys
from embedded.stores import StoreAddresses, Stores

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """What a person needs to know once everything answers."""

    address: str
    folder: DataDir
    kafka_bootstrap_servers: str
    mongo_url: str


@dataclass
class Run:
    """What to run, and whom to tell: `report` takes a sentence, `on_ready` may go on until the end."""

    settings: EmbeddedSettings
    catalogue: Catalogue
    split: bool
    report: Callable[[str], None]
    on_ready: Callable[[Ready], Awaitable[None]]
    _is_ready: bool = field(default=False, init=False)
    _disorder: list[str] = field(default_factory=list, init=False)

    async def until_ended(self) -> None:
        """Run until SIGINT, SIGTERM or SIGHUP; a second SIGINT kills everything at once.

        Raises:
            EmbeddedError: something doesn't start, or a store died.
        """
        ending = Ending()
        ending.listen_to_signals(lambda: pid_files.kill_recorded(self.settings.data_dir / "run"))
        session = asyncio.create_task(self._session(ending))
        wish = asyncio.create_task(ending.wait())
        await asyncio.wait({session, wish}, return_when=asyncio.FIRST_COMPLETED)
        if not self._is_ready:
            session.cancel()  # still starting: what has started is ended in order
        try:
            await session
        except asyncio.CancelledError:
            if not ending.wished:
                raise
        except EmbeddedError as error:
            log.error("the run failed", exc_info=error)
            raise
        finally:
            wish.cancel()
        if ending.error is not None:
            raise ending.error

    async def _session(self, ending: Ending) -> None:
        with listen_on(self.settings.port) as listener, open_data_dir(self.settings.data_dir) as folder:
            for name in await pid_files.end_leftovers(folder.run):
                self.report(f"{name} was left over from a run that died, and has been ended.")
            rebuild = not folder.ended_cleanly()
            folder.begin_run()
            port: int = listener.getsockname()[1]
            async with self._stores_and_stack(folder, ending) as (stores, stack):
                running = stack.running(
                    stack.Plan(
                        self.catalogue,
                        self.split,
                        rebuild,
                        self.settings.log_level,
                        self.settings.built_page,
                        self.settings.issuer_hosts,
                    ),
                    folder,
                    stores,
                    listener,
                    report=self.report,
                    not_in_order=self._not_in_order,
                )
                async with running:
                    self._is_ready = True
                    address = f"http://{LOOPBACK}:{port}"
                    await self._serve(Ready(address, folder, stores.kafka_bootstrap, stores.mongo_url), ending)
            if not self._disorder:
                folder.end_run()

    async def _serve(self, ready: Ready, ending: Ending) -> None:
        telling = asyncio.ensure_future(self.on_ready(ready))
        await ending.wait()
        telling.cancel()
        await asyncio.wait({telling})

    @asynccontextmanager
    async def _stores_and_stack(
        self, folder: DataDir, ending: Ending
    ) -> AsyncGenerator[tuple[StoreAddresses, ModuleType], None]:
        keys = S3Keys(folder.secrets.s3_access_key, folder.secrets.s3_secret_key)
        stores = Stores(folder.path, keys, on_death=ending.wish)
        try:
            addresses, stack = await asyncio.gather(
                stores.start(self.settings.wanted_stores), asyncio.to_thread(self._load)
            )
            yield self.settings.store_addresses(addresses), stack
        finally:
            if not await stores.stop():
                self._not_in_order("a store didn't end in order")

    def _load(self) -> ModuleType:
        stack = importlib.import_module("embedded.stack")
        self.catalogue.load()
        return stack

    def _not_in_order(self, why: str) -> None:
        self._disorder.append(why)
        self.report(f"This end isn't in order, the next start rebuilds the read models: {why}.")
