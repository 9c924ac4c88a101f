"""The links of the first replicas of gallery and download to their stores, to be cut and slowed."""

import asyncio
import sys
from urllib.parse import urlsplit

from embedded.ports import LOOPBACK, Ports

LINKED = ("gallery-1", "download-1")
STORES = ("kafka", "mongo", "s3")
_WITHIN_S = 10.0


class Wiring:
    """Starts the links' process and tells it what to do."""

    def __init__(self, free: Ports) -> None:
        self._free = free
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start it without any link."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.links"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for the campaign, which ends it in order
        )

    async def wire(self, name: str, environment: dict[str, str]) -> None:
        """Put links between a replica and its stores, by changing the addresses in its environment."""
        host = f"127.0.1.{LINKED.index(name) + 2}"  # as long as LOOPBACK: see `links`
        brokers = environment["KAFKA_BOOTSTRAP_SERVERS"].split(",")
        for broker in brokers:
            address, _, port = broker.rpartition(":")
            await self._tell(f"open kafka/{name} {host} {port} {address} {port}")
        environment["KAFKA_BOOTSTRAP_SERVERS"] = ",".join(f"{host}:{it.rpartition(':')[2]}" for it in brokers)
        for store, setting in (("mongo", "MONGO_URL"), ("s3", "S3_ENDPOINT")):
            old, own = urlsplit(environment[setting]), self._free.take()
            await self._tell(f"open {store}/{name} {LOOPBACK} {own} {old.hostname} {old.port}")
            environment[setting] = environment[setting].replace(f"{old.hostname}:{old.port}", f"{LOOPBACK}:{own}")

    async def cut(self, store: str, name: str) -> None:
        """Let nothing through any more, neither way, without hanging up."""
        await self._tell(f"cut {store}/{name}")

    async def slow(self, store: str, name: str, milliseconds: int) -> None:
        """Hold each answer back for a while."""
        await self._tell(f"slow {store}/{name} {milliseconds}")

    async def heal(self, store: str, name: str) -> None:
        """Let everything through again."""
        await self._tell(f"heal {store}/{name}")

    async def end(self) -> None:
        """End it."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _tell(self, line: str) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the links aren't started")
        async with self._turn, asyncio.timeout(_WITHIN_S):
            process.stdin.write(f"{line}\n".encode())
            await process.stdin.drain()
            if await process.stdout.readline() != b"done\n":
                raise RuntimeError(f"the links didn't obey: {line}")
