"""A wire between a browser and the system, which a test cuts with all that is on it, and mends."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 64 * 1024


class Wire:
    """Passes bytes on, unless it is cut."""

    def __init__(self, base_url: str) -> None:
        self.base_url = ""
        self._to = urlsplit(base_url)
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._is_cut = True
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect through."""
        if self._is_cut:
            writer.transport.abort()
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
            ends = {writer, far_writer}
            self._ends |= ends
            try:
                await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
            finally:
                self._ends -= ends
                for end in ends:
                    end.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def wire_to(base_url: str) -> AsyncGenerator[Wire, None]:
    """Lay one until the context ends."""
    wire = Wire(base_url)
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    wire.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield wire
    finally:
        wire.cut()
        server.close()
