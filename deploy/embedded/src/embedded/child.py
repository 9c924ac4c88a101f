"""One child process: on a leash, in its own session, with a log file and a pid file."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from embedded import leash, pid_files

_KEEP_LOG_BYTES = 10_000_000


class Child:
    """A running child; made by `start`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, pid_file: Path, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._pid_file = pid_file

    @classmethod
    async def start(cls, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> "Child":
        """Start `command` (its first word is an absolute path), writing to `folder`/logs and `folder`/run.

        Raises:
            OSError: the program can't be run, or the folder can't be written.
        """
        log = folder / "logs" / f"{name}.log"
        if log.exists() and log.stat().st_size > _KEEP_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", leash.__file__, str(os.getpid()), *command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environment),
                start_new_session=True,  # Ctrl-C in the terminal is ours alone: we end them in order
            )
        pid_file = folder / "run" / f"{name}.pid"
        pid_files.write(pid_file, process.pid)
        return cls(name, process, pid_file, log)

    @property
    def pid(self) -> int:
        """The process id; the process leads a group of the same number."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end; give the exit code."""
        return await self._process.wait()

    async def end(self, grace_s: float) -> bool:
        """Ask it to end and wait, kill it after `grace_s` seconds; give whether it ended by itself in time."""
        in_time = True
        for number in (signal.SIGTERM, signal.SIGCONT):  # one that was paused must wake up to end
            if self.exit_code is None:
                with suppress(ProcessLookupError):
                    self._process.send_signal(number)
        try:
            async with asyncio.timeout(grace_s):
                await self.wait()
        except TimeoutError:
            in_time = False
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self.wait()
        self._pid_file.unlink(missing_ok=True)
        return in_time

    def last_words(self) -> str:
        """Give the last line of its log, shortened; empty if it wrote nothing."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4_000))
                lines = log.read().decode(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")
