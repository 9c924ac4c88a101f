"""The system under test: started by the command that a user runs, in containers, or where `E2E_BASE_URL` says it is."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from embedded.ports import Ports
from shared.credentials import KafkaAccess

READY_WITHIN_S = 60
END_WITHIN_S = 30


class Containers(Protocol):
    """What the tests ask of a system that runs in containers."""

    def compose(self, *arguments: str) -> str: ...

    def objects(self) -> dict[str, bytes]: ...


@dataclass
class Stack:
    """A running system. `process` and `data_dir` are None for one that the tests didn't start as a process."""

    base_url: str
    kafka_bootstrap_servers: str
    data_dir: Path | None = None
    process: asyncio.subprocess.Process | None = None
    mongo_url: str | None = None
    kafka: KafkaAccess | None = None
    containers: Containers | None = None

    @property
    def kafka_access(self) -> KafkaAccess:
        """How the tests read topics."""
        return self.kafka or KafkaAccess(self.kafka_bootstrap_servers)

    def kept_files(self) -> dict[str, bytes]:
        """Give what is in the object store, in the logs, and (where it can be read) in Kafka's own files."""
        if self.containers is not None:
            logs = self.containers.compose("logs", "--no-color").encode()
            return {"logs": logs, **self.containers.objects()}
        assert self.data_dir is not None
        folders = (self.data_dir / name for name in ("s3", "logs", "kafka"))
        return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}

    async def end(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """End it and give its exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(with_signal)
        async with asyncio.timeout(END_WITHIN_S):
            return await self.process.wait()


async def start(data_dir: Path, *options: str, **environment: str) -> Stack:
    """Start the embedded stack on `data_dir` and wait until it is ready."""
    settings = {**os.environ, "PORT": str(Ports().take()), "DATA_DIR": str(data_dir), **environment}
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
