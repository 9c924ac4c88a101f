"""The peer of a download: an ASGI application that knows nothing but one file, on the same HTTP server.

`python -m bench.bare_app FILE` serves it on a free loopback port and prints the address.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send


def app_of(body: bytes) -> ASGIApp:
    """Answer every request with `body`."""
    headers = [(b"content-type", b"image/jpeg"), (b"content-length", str(len(body)).encode())]

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def serve(file: Path) -> None:
    """Serve a file until the process is ended; the server is set as the embedded stack sets its own."""
    config = uvicorn.Config(
        app_of(file.read_bytes()),
        lifespan="off",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.Server(config).run([listener])


@asynccontextmanager
async def serving(file: Path) -> AsyncGenerator[str, None]:
    """Run the application on `file` in a process of its own; give its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare_app", str(file), stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the bare application has no output")
        async with asyncio.timeout(20):
            address = (await process.stdout.readline()).decode().strip()
        if not address:
            raise RuntimeError("the bare application didn't start")
        yield address
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
