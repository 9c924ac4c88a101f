"""Runs blocking renderings on a thread, with progress back on the event loop and a prompt, complete stop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from generation.backends.port import ProgressListener

T = TypeVar("T")


class RenderingStopped(Exception):  # noqa: N818 (an outcome that was asked for, not an error)
    """Raised inside a rendering whose caller no longer wants it."""


class Report:
    """What a rendering calls between its steps: tells how far it is, and learns whether to go on."""

    def __init__(self, deliver: ProgressListener) -> None:
        self._deliver = deliver
        self._stopped = threading.Event()
        self._told = 0.0

    def __call__(self, fraction: float) -> None:
        """Tell that `fraction` (0 to 1) is done. Raises `RenderingStopped` once `stop` was called."""
        if self._stopped.is_set():
            raise RenderingStopped
        if fraction > self._told:
            self._told = min(fraction, 1.0)
            self._deliver(self._told)

    def stop(self) -> None:
        """Make the next call raise."""
        self._stopped.set()


class RenderingThread:
    """A bounded pool for renderings that report often: they are stopped by their next report.

    Threads and not processes: numpy, zlib, Pillow and torch let the interpreter go while they work, so the event
    loop waits for a few milliseconds at most, and there is nothing to clean up after a crash.
    """

    def __init__(self, name: str, at_once: int) -> None:
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name)

    async def run(self, rendering: Callable[[Report], T], on_progress: ProgressListener) -> T:
        """Run `rendering` to its end. When this is cancelled it returns only once the thread is idle again."""
        loop = asyncio.get_running_loop()
        listening = True

        def deliver(fraction: float) -> None:
            if listening:
                on_progress(fraction)

        report = Report(lambda fraction: _tell(loop, deliver, fraction))
        work = self._pool.submit(rendering, report)
        waiter = asyncio.wrap_future(work)
        try:
            # Shielded, so that a cancellation is ours to handle: first stop the thread, then be cancelled.
            return await asyncio.shield(waiter)
        finally:
            listening = False
            report.stop()
            if not work.cancel():
                await _settled(waiter)

    def close(self) -> None:
        """Take no more work; what runs was stopped by its own caller."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _tell(loop: asyncio.AbstractEventLoop, deliver: ProgressListener, fraction: float) -> None:
    loop.call_soon_threadsafe(deliver, fraction)


async def _settled(waiter: asyncio.Future[T]) -> None:
    """Wait until the thread is done, however often the waiting task is cancelled meanwhile."""
    cancelled = False
    while not waiter.done():
        try:
            await asyncio.wait({waiter})
        except asyncio.CancelledError:
            cancelled = True
    if not waiter.cancelled():
        waiter.exception()  # seen: it is either re-raised already, or the outcome of a stop
    if cancelled:
        raise asyncio.CancelledError
