"""Starts the command as a person does, over stub services, and makes sure that nothing outlives a test."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from embedded.pid_files import kill_recorded

STUBS = Path(__file__).parent / "stubs"


@dataclass
class Command:
    """A running `python -m embedded`, with stubs for the services."""

    process: asyncio.subprocess.Process
    data_dir: Path
    journal: Path

    async def ready(self) -> httpx.AsyncClient:
        """Wait for the ready line; give a client for the address."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            line = await self.process.stdout.readline()
        assert line, (await self.process.communicate())[1].decode()
        return httpx.AsyncClient(base_url=json.loads(line)["address"], timeout=10)

    def pid_of(self, child: str) -> int:
        return int((self.data_dir / "run" / f"{child}.pid").read_text().split()[0])

    async def ended(self, within_s: float = 10) -> tuple[int, str]:
        """Give exit code and standard error."""
        async with asyncio.timeout(within_s):
            _, errors = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, errors.decode()

    async def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()


StartCommand = Callable[..., Awaitable[Command]]


@pytest.fixture
async def start_command(tmp_path: Path) -> AsyncGenerator[StartCommand, None]:
    started: list[Command] = []

    async def start(*options: str, data_dir: Path | None = None, **environment: str) -> Command:
        folder = data_dir or tmp_path / "data"
        journal = tmp_path / "journal"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(STUBS / "stub_embedded.py"), "--json", *options),
            env={
                **os.environ,
                "PORT": "0",
                "DATA_DIR": str(folder),
                "PYTHONPATH": str(STUBS),
                "STUB_JOURNAL": str(journal),
                **environment,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(Command(process, folder, journal))
        return started[-1]

    yield start
    for command in started:
        if command.process.returncode is None:
            command.process.kill()
            await command.process.communicate()
        kill_recorded(command.data_dir / "run")
