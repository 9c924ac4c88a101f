"""The three embedded stores as child processes, with real protocols on loopback ports.

Kafka: noida-db, its binary itself (the console script doesn't forward signals). Mongo: SecantusDB. S3: nanio.
All start at once; SecantusDB is the slowest (about a second, all of it imports).
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from embedded.child import Child
from embedded.errors import StoreError
from embedded.ports import LOOPBACK, Ports
from embedded.store_kinds import KINDS, S3Keys, StoreKind

StoreName = Literal["kafka", "mongo", "s3"]
ALL_STORES: frozenset[StoreName] = frozenset({"kafka", "mongo", "s3"})
_PROBE_EVERY_S = 0.01
_PROBE_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class StoreAddresses:
    """Where the stores are; empty where one wasn't wanted."""

    kafka_bootstrap: str = ""
    mongo_url: str = ""
    s3_endpoint: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = ""


class Stores:
    """The running stores of one data folder; `start` and `stop` once each."""

    def __init__(self, folder: Path, keys: S3Keys, on_death: Callable[[StoreError], None]) -> None:
        self._folder = folder
        self._keys = keys
        self._on_death = on_death
        self._children: list[Child] = []
        self._watchers: list[asyncio.Task[None]] = []

    async def start(self, wanted: Collection[StoreName] = ALL_STORES, within_s: float = 20.0) -> StoreAddresses:
        """Start the stores at once and wait until each answers its protocol.

        Raises:
            StoreError: one doesn't start; `stop` must still be called for the others.
        """
        for name in ("logs", "run"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        free = Ports()
        ports = {name: free.take() for name in wanted}
        try:
            async with asyncio.timeout(within_s) as limit, asyncio.TaskGroup() as group:
                for name, port in ports.items():
                    group.create_task(self._start_one(KINDS[name], port, limit))
                if "kafka" in ports:
                    group.create_task(self._start_one(KINDS["kafka-front"], ports["kafka"], limit))
        except* StoreError as errors:
            raise errors.exceptions[0] from None
        except* TimeoutError:
            raise StoreError(
                f"The embedded stores ({', '.join(sorted(wanted))}) didn't answer within {within_s:.0f} s: "
                f"see {self._folder / 'logs'}."
            ) from None
        self._watchers = [asyncio.create_task(self._watch(child)) for child in self._children]
        return self._addresses(ports)

    async def stop(self, grace_s: float = 5.0) -> bool:
        """End all stores at once; give whether each had run until now and ended by itself, its data written."""
        for watcher in self._watchers:
            watcher.cancel()
        ran = all(child.exit_code is None for child in self._children)
        in_time = await asyncio.gather(*(child.end(grace_s) for child in self._children))
        return ran and all(in_time)

    async def _start_one(self, kind: StoreKind, port: int, limit: asyncio.Timeout) -> None:
        data = self._folder / kind.name
        try:
            data.mkdir(exist_ok=True)
            child = await Child.start(
                kind.name,
                kind.command(port, data),
                environment=kind.environment(self._keys),
                folder=self._folder,
            )
        except OSError as error:
            raise StoreError(f"The embedded {kind.title} can't be started ({error.strerror}).") from None
        self._children.append(child)
        while not limit.expired():  # its cancellation alone may be swallowed by a probe's client
            if child.exit_code is not None:
                raise _ended(kind, child, "didn't start")
            try:
                async with asyncio.timeout(_PROBE_WITHIN_S):
                    await kind.probe(port)
            except OSError:  # TimeoutError is one too
                await asyncio.sleep(_PROBE_EVERY_S)
            else:
                return

    async def _watch(self, child: Child) -> None:
        await child.wait()
        self._on_death(_ended(KINDS[child.name], child, "ended by itself"))

    def _addresses(self, ports: dict[StoreName, int]) -> StoreAddresses:
        addresses = StoreAddresses()
        if "kafka" in ports:
            addresses = replace(addresses, kafka_bootstrap=f"{LOOPBACK}:{ports['kafka']}")
        if "mongo" in ports:
            addresses = replace(addresses, mongo_url=f"mongodb://{LOOPBACK}:{ports['mongo']}/?directConnection=true")
        if "s3" in ports:
            addresses = replace(
                addresses,
                s3_endpoint=f"http://{LOOPBACK}:{ports['s3']}",
                s3_access_key=self._keys.access_key,
                s3_secret_key=self._keys.secret_key,
            )
        return addresses


@asynccontextmanager
async def embedded_stores(
    data_dir: Path, wanted: Collection[StoreName] = ALL_STORES
) -> AsyncGenerator[StoreAddresses, None]:
    """Run stores for as long as the context is open, with their data in `data_dir` and keys of this run only.

    Raises:
        StoreError: one doesn't start.
    """
    stores = Stores(data_dir, S3Keys(secrets.token_hex(10), secrets.token_hex(20)), on_death=_ignore)
    try:
        yield await stores.start(wanted)
    finally:
        await stores.stop()


def _ignore(_: StoreError) -> None:
    """A test sees its store's death by itself, as refused connections."""


def _ended(kind: StoreKind, child: Child, what: str) -> StoreError:
    words = child.last_words()
    return StoreError(
        f"The embedded {kind.title} {what} (exit code {child.exit_code}"
        f"{f'; its last words: {words}' if words else ''}): see {child.log}."
    )
