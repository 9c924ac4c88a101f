"""Links that can be cut and slowed: `python -m tests.chaos.links` is a proxy that obeys lines on its standard input.

`open NAME HOST PORT TO_HOST TO_PORT`, `cut NAME`, `slow NAME MILLISECONDS`, `heal NAME`; each is answered with a line.
Kafka's brokers tell clients their addresses: those in their answers are replaced by the link's own, which is another
loopback address of the same length, so that what a client is told leads through its links.
"""

import asyncio
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass, field

_KAFKA = "kafka"
_MANY = 64 * 1024
_ADDRESSES_FIT_IN = 64 * 1024


@dataclass(slots=True)
class Link:
    """One link; `host` replaces `to_host` in what a Kafka broker answers."""

    name: str
    host: str
    port: int
    to_host: str
    to_port: int
    is_cut: bool = False
    delay_s: float = 0.0
    pumps: set[asyncio.Task[None]] = field(default_factory=set)

    async def accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Connect through, unless it is cut: then nobody answers, as behind a broken wire."""
        with suppress(OSError):
            if self.is_cut:
                await self._until_healed()
            server, to_server = await asyncio.open_connection(self.to_host, self.to_port)
            both = [
                asyncio.create_task(self._pump(client, to_server, is_answer=False)),
                asyncio.create_task(self._pump(server, to_client, is_answer=True)),
            ]
            self.pumps.update(both)
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in both:
                    pump.cancel()
                    self.pumps.discard(pump)
                await asyncio.gather(*both, return_exceptions=True)
                to_server.close()
        to_client.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while chunk := await self._read(reader, is_answer=is_answer):
                if is_answer and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if self.is_cut:
                    await self._until_healed()
                writer.write(chunk)
                await writer.drain()

    async def _read(self, reader: asyncio.StreamReader, *, is_answer: bool) -> bytes:
        if not is_answer or not self.name.startswith(_KAFKA):
            return await reader.read(_MANY)
        size = await reader.readexactly(4)
        frame = await reader.readexactly(struct.unpack(">i", size)[0])
        if len(frame) < _ADDRESSES_FIT_IN:
            frame = frame.replace(self.to_host.encode(), self.host.encode())
        return size + frame

    async def _until_healed(self) -> None:
        while self.is_cut:
            await asyncio.sleep(0.02)


async def _obey(links: dict[str, list[Link]], line: str) -> None:
    command, name, *more = line.split()
    if command == "open":
        link = Link(name, more[0], int(more[1]), more[2], int(more[3]))
        await asyncio.start_server(link.accept, link.host, link.port)
        links.setdefault(name, []).append(link)
    for link in links[name]:
        link.is_cut = command == "cut"
        link.delay_s = float(more[0]) / 1000 if command == "slow" else 0.0


async def main() -> None:
    """Obey until the standard input ends."""
    links: dict[str, list[Link]] = {}
    while line := await asyncio.to_thread(sys.stdin.readline):
        await _obey(links, line)
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
