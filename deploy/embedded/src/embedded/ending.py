"""The end of a run: wished by a person's signal or a store's death, and certain for the process too."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

from embedded.errors import EmbeddedError
from shared.ending import cancelled

_FORCED = 130  # what a shell shows for a program ended by Ctrl-C
_SAME_SIGNAL_S = 0.3
_LEFT_WITHIN_S = 5.0


class Ending:
    """Wished at most once; the first reason stays."""

    def __init__(self) -> None:
        self.error: EmbeddedError | None = None
        self._wished = asyncio.Event()
        self._signalled_at: float | None = None

    @property
    def wished(self) -> bool:
        """It has been asked for."""
        return self._wished.is_set()

    def wish(self, error: EmbeddedError | None = None) -> None:
        """Ask for the end; with an error the run has failed, unless the end was wished for before."""
        if not self.wished:
            self.error = error
            self._wished.set()

    async def wait(self) -> None:
        """Wait until it is asked for."""
        await self._wished.wait()

    def listen_to_signals(self, kill_children: Callable[[], None]) -> None:
        """Take SIGINT, SIGTERM and SIGHUP as the wish; a second SIGINT ends the process at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, number, kill_children)

    def _on_signal(self, number: signal.Signals, kill_children: Callable[[], None]) -> None:
        now = time.monotonic()
        if self._signalled_at is None:
            self._signalled_at = now
            self.wish()
        # Some programs (timeout, some shells) pass one signal on twice within moments: that isn't a person's haste.
        elif number is signal.SIGINT and now - self._signalled_at > _SAME_SIGNAL_S:
            kill_children()
            os._exit(_FORCED)


async def leaving_nothing(run: Awaitable[None], report: Callable[[str], None]) -> None:
    """Do `run`, then end the tasks that it left; where one can't be ended, end the process.

    Python's own runner would wait for that one for ever. PyMongo's wait for a connection is such a one once it was
    cancelled twice within moments: it then waits for a lock that nobody holds any more.
    """
    try:
        await run
    finally:
        try:
            await cancelled(asyncio.all_tasks() - {asyncio.current_task()}, _LEFT_WITHIN_S)
        except TimeoutError as error:
            report(f"Ended by force: {error}.")
            os._exit(1)
