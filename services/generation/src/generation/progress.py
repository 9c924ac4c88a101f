"""Progress for those who watch: one poller a process, only while somebody watches."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator

from generation.domain import Generation
from generation.repository import GenerationRepository
from shared.ending import cancelled
from shared.http.problems import Problem
from shared.ids import GenerationId
from shared.mongo import StoreError

log = logging.getLogger(__name__)

POLL_EVERY_S = 0.15
WATCH_AT_MOST_S = 600.0


class ProgressWatcher:
    """Gives a generation's states as they come: states, not every step between."""

    def __init__(self, generations: GenerationRepository, max_streams: int) -> None:
        self._generations = generations
        self._max_streams = max_streams
        self._watchers: dict[GenerationId, set[asyncio.Queue[Generation]]] = defaultdict(set)
        self._poller: asyncio.Task[None] | None = None

    def require_room(self) -> None:
        """Refuse (503 `too_many_streams`) when as many watch as this process takes."""
        if sum(len(queues) for queues in self._watchers.values()) >= self._max_streams:
            raise Problem(503, "too_many_streams", "Too many watch at once; ask again.", retry_after_s=2)

    async def watch(self, generation: Generation, seen: int | None) -> AsyncGenerator[Generation, None]:
        """Give `generation` unless its revision was `seen`, then every later state, until a final one.

        It ends by itself after ten minutes; the watcher connects again.
        """
        if generation.revision != seen:
            yield generation
        if generation.status.is_final:
            return
        queue: asyncio.Queue[Generation] = asyncio.Queue(maxsize=1)
        self._watchers[generation.id].add(queue)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())
        last = generation.revision
        try:
            async with asyncio.timeout(WATCH_AT_MOST_S):
                while True:
                    state = await queue.get()
                    if state.revision > last:
                        last = state.revision
                        yield state
                    if state.status.is_final:
                        return
        except TimeoutError:
            return
        finally:
            self._watchers[generation.id].discard(queue)
            if not self._watchers[generation.id]:
                del self._watchers[generation.id]

    async def aclose(self) -> None:
        """End the poller."""
        if self._poller is not None:
            await cancelled([self._poller])

    async def _poll(self) -> None:
        while self._watchers:
            try:
                for state in await self._generations.get_many(list(self._watchers)):
                    for queue in self._watchers.get(state.id, ()):
                        if queue.full():
                            queue.get_nowait()
                        queue.put_nowait(state)
            except StoreError as error:
                log.warning("progress can't be read", extra={"error": type(error).__name__})
            await asyncio.sleep(POLL_EVERY_S)
