"""One process of the system under test: started, frozen, thawed, stopped, killed and started again on its port."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from embedded.child import Child

_ASK_EVERY_S = 0.02
_PROBE_WITHIN_S = 2.0
_STOP_WITHIN_S = 20.0


class NotReadyError(RuntimeError):
    """A process didn't start in time; the argument says which, with its last words."""


class Process:
    """A process with a name of its own in the folder's logs; `environment` counts from the next start on."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: dict[str, str],
        folder: Path,
        probe: Callable[[], Awaitable[bool]],
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = environment
        self.starts = 0
        self._folder = folder
        self._probe = probe
        self._child: Child | None = None
        self._is_frozen = False

    @property
    def pid(self) -> int:
        """The process id of the running process."""
        if self._child is None or self._child.exit_code is not None:
            raise NotReadyError(f"{self.name} isn't running")
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Tell whether it runs (a frozen one does)."""
        return self._child is not None and self._child.exit_code is None

    @property
    def is_frozen(self) -> bool:
        """Tell whether it was frozen and not thawed since."""
        return self._is_frozen

    async def start(self, within_s: float = 60.0) -> None:
        """Start it and wait until it is ready.

        Raises:
            NotReadyError: it ends, or isn't ready in time.
        """
        await self.spawn()
        await self.ready(within_s)

    async def spawn(self) -> None:
        """Start it without waiting."""
        if not self.is_running:
            self.starts += 1
            self._is_frozen = False
            self._child = await Child.start(
                self.name, self.command, environment={**os.environ, **self.environment}, folder=self._folder
            )

    async def ready(self, within_s: float = 60.0) -> None:
        """Wait until it is ready.

        Raises:
            NotReadyError: it ends, or isn't in time.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.is_running:
                    if await self.is_ready():
                        return
                    await asyncio.sleep(_ASK_EVERY_S)
        words = "" if self._child is None else self._child.last_words()
        raise NotReadyError(f"{self.name} isn't ready within {within_s:.0f} s: {words}")

    async def is_ready(self) -> bool:
        """Ask it once."""
        try:
            async with asyncio.timeout(_PROBE_WITHIN_S):
                return await self._probe()
        except (OSError, TimeoutError):
            return False

    def freeze(self) -> None:
        """Stop it where it is."""
        os.kill(self.pid, signal.SIGSTOP)
        self._is_frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        if self.is_running:
            os.kill(self.pid, signal.SIGCONT)
        self._is_frozen = False

    async def stop(self) -> bool:
        """End it in order; give whether it ended in time by itself."""
        self._is_frozen = False
        return self._child is None or await self._child.end(_STOP_WITHIN_S)

    async def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._child is not None:
            with suppress(ProcessLookupError, NotReadyError):
                os.kill(self.pid, signal.SIGKILL)
            await self._child.end(0.0)
        self._is_frozen = False
