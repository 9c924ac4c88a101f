"""Conversions off the event loop: so many at once, so many waiting, one for a key however many ask."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

Load = Callable[[], Awaitable[bytes]]
Keep = Callable[[bytes], Awaitable[None]]
Convert = Callable[[bytes], bytes]


class ConversionsBusy(RuntimeError):  # noqa: N818 - says what it is
    """No more conversions are taken now; ask again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("too many conversions")
        self.retry_after_s = retry_after_s


class ConversionTimedOut(TimeoutError):  # noqa: N818 - as above
    """The rendition wasn't there in time; it may be a little later."""


class _Flight:
    """One conversion: how many wait for it, and whether it is past the point where it can be dropped."""

    task: asyncio.Task[bytes]

    def __init__(self) -> None:
        self.waiters = 0
        self.has_begun = False


class Conversions:
    """A bounded pool of conversions for one process.

    Args:
        workers: how many conversions run at once, each on a thread (libvips works without the interpreter's lock).
        queue: how many more may wait for a worker.
        timeout_s: how long one caller waits, its time in the queue included; `load` and `keep` may take as long each.
        retry_after_s: what a refused caller is told.
    """

    def __init__(self, workers: int, queue: int, *, timeout_s: float = 10.0, retry_after_s: int = 1) -> None:
        self._capacity = workers + queue
        self._timeout_s = timeout_s
        self._retry_after_s = retry_after_s
        self._slots = asyncio.Semaphore(workers)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="conversions")
        self._flights: dict[str, _Flight] = {}
        self._tasks: set[asyncio.Task[bytes]] = set()
        self._closed = False

    async def run(self, key: str, load: Load, convert: Convert, keep: Keep | None = None) -> bytes:
        """Give what `convert` makes of what `load` brings; joins the conversion of the same `key` if there is one.

        `key` names the result, so whoever uses the same one gets the same bytes. May they? is asked before this.
        `load` is called when the conversion's turn comes, so that those in the queue hold no master in memory;
        `convert` runs on a worker's thread.
        `keep` is given the result once, before anybody gets it, as for putting it into a store.
        A conversion that nobody waits for any more is dropped if its thread hasn't begun.

        Raises:
            ConversionsBusy: the queue is full, or `aclose` was called.
            ConversionTimedOut: this caller has waited long enough; what has begun goes on.
            Exception: what `load`, `convert` or `keep` raised (TimeoutError where `load` or `keep` took too long),
                for all who waited; it isn't remembered, the next caller starts anew.
        """
        flight = self._flights.get(key) or self._start(key, load, convert, keep)
        flight.waiters += 1
        try:
            # `wait` leaves the task alone when this caller is cancelled or has waited long enough.
            done, _ = await asyncio.wait({flight.task}, timeout=self._timeout_s)
        finally:
            flight.waiters -= 1
            if not flight.waiters:
                self._drop(key, flight)
        if not done:
            raise ConversionTimedOut
        if flight.task.cancelled():
            raise ConversionsBusy(self._retry_after_s)
        return flight.task.result()

    async def aclose(self) -> None:
        """Refuse new conversions, drop those waiting, and return when those being made are done."""
        self._closed = True
        for key, flight in list(self._flights.items()):
            self._drop(key, flight)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._pool.shutdown(wait=False)  # Its threads are idle now.

    def _start(self, key: str, load: Load, convert: Convert, keep: Keep | None) -> _Flight:
        if self._closed or len(self._tasks) >= self._capacity:
            raise ConversionsBusy(self._retry_after_s)
        flight = self._flights[key] = _Flight()
        flight.task = asyncio.create_task(self._make(flight, load, convert, keep))
        self._tasks.add(flight.task)

        def ended(task: asyncio.Task[bytes]) -> None:
            self._tasks.discard(task)
            self._forget(key, flight)
            if not task.cancelled():
                task.exception()  # Looked at, so that one nobody waited for isn't reported as lost.

        flight.task.add_done_callback(ended)
        return flight

    def _drop(self, key: str, flight: _Flight) -> None:
        # A thread can't be stopped: what it makes stays joinable, or callers who give up and ask again would
        # fill every worker with the same conversion.
        if not flight.has_begun:
            self._forget(key, flight)
            flight.task.cancel()

    def _forget(self, key: str, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _make(self, flight: _Flight, load: Load, convert: Convert, keep: Keep | None) -> bytes:
        async with self._slots:
            async with asyncio.timeout(self._timeout_s):
                master = await load()
            flight.has_begun = True
            loop = asyncio.get_running_loop()
            body = await loop.run_in_executor(self._pool, convert, master)
        if keep is not None:
            async with asyncio.timeout(self._timeout_s):
                await keep(body)
        return body
