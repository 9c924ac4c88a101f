"""/livez and /readyz of a process that serves nothing else: a worker."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.http.app import Readiness

_READ_WITHIN_S = 2.0
_MAX_BYTES = 4096


@asynccontextmanager
async def answering_probes(readiness: Readiness, host: str, port: int | None) -> AsyncGenerator[None, None]:
    """Answer probes on `port` until the context ends; None: nobody asks."""
    if port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_WITHIN_S):
                request = await reader.readuntil(b"\r\n\r\n")
            status, text = _answer(request.split(b" ", 2)[1:2], readiness)
            head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n{text}".encode())
            await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked went away, or doesn't ask for a probe
        finally:
            writer.close()

    server = await asyncio.start_server(answer, host, port, limit=_MAX_BYTES)
    async with server:
        yield


def _answer(path: list[bytes], readiness: Readiness) -> tuple[str, str]:
    if path == [b"/livez"]:
        return "200 OK", "ok"
    if path == [b"/readyz"]:
        return ("200 OK", "ok") if readiness.is_ready else ("503 Service Unavailable", "not ready")
    return "404 Not Found", "not found"
