"""The system under test: started by the command that a user runs, or wherever `E2E_BASE_URL` says it is."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN_S = 60
END_WITHIN_S = 30


@dataclass
class Stack:
    """A running system. `process` and `data_dir` are None for one that the tests didn't start."""

    base_url: str
    kafka_bootstrap_servers: str
    data_dir: Path | None = None
    process: asyncio.subprocess.Process | None = None
    mongo_url: str | None = None

    async def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """End it and give its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(with_signal)
        async with asyncio.timeout(END_WITHIN_S):
            return await self.process.wait()


def free_port() -> int:
    """Give a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start(data_dir: Path, *options: str, **environment: str) -> Stack:
    """Start the embedded stack on `data_dir` and wait until it is ready."""
    settings = {**os.environ, "PORT": str(free_port()), "DATA_DIR": str(data_dir), **environment}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "embedded",
        "--json",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=settings,
        start_new_session=True,
    )
    assert process.stdout is not None
    async with asyncio.timeout(READY_WITHIN_S):
        line = await process.stdout.readline()
    if not line:
        _, errors = await process.communicate()
        raise AssertionError(f"the stack didn't start: {errors.decode()}")
    ready = json.loads(line)
    return Stack(ready["address"], ready["kafka_bootstrap_servers"], data_dir, process, ready.get("mongo_url"))


@asynccontextmanager
async def running(data_dir: Path, *options: str, **environment: str) -> AsyncGenerator[Stack, None]:
    """Run the embedded stack until the context ends."""
    stack = await start(data_dir, *options, **environment)
    try:
        yield stack
    finally:
        await stack.end()
