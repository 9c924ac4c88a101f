"""Strangers and owners who look, on every surface of every replica, most of them where they must be refused."""

import asyncio
import random
from collections import Counter, defaultdict, deque
from collections.abc import Coroutine
from typing import Any

from tests.chaos.history import Call, History, now_ns
from tests.chaos.surfaces import OWNERS, SURFACES, Surface, Viewer
from tests.chaos.wire import UNANSWERED
from tests.chaos.world import Image, World

_RECENT = 8
_AT_ONCE = 5
"""For each replica: one that is frozen mustn't keep the others from being asked."""
_NOBODY_THERE_S = 0.1
"""Who isn't there is asked less often: those probes would say nothing."""


class Probers:
    """Looks, and writes down what was seen."""

    def __init__(self, world: World, history: History, chance: random.Random, rate: float) -> None:
        self._world = world
        self._history = history
        self._chance = chance
        self._rate = rate
        self._recent: deque[Image] = deque(maxlen=_RECENT)
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_AT_ONCE))
        self._looking: set[asyncio.Task[None]] = set()
        self.statuses: Counter[tuple[str, int]] = Counter()

    async def volley(self, image: Image) -> None:
        """Look at an image that was just hidden, on every replica at once; whoever hid it doesn't wait for that."""
        self._recent.append(image)
        main = [it for it in SURFACES if it.weight > 2 and not it.is_owner_only]
        for surface in self._chance.sample(main, min(5, len(main))):
            for process in self._world.stack.replicas(surface.service):
                if process.is_running:
                    self._begin(self.look(surface, process.name, self._chance.choice(surface.viewers), image))

    async def forever(self) -> None:
        """Look at `rate` a second until cancelled, as far as there is room."""
        try:
            while True:
                await asyncio.sleep(self._chance.expovariate(self._rate))
                self._look_somewhere()
        finally:
            for task in self._looking:
                task.cancel()
            await asyncio.gather(*self._looking, return_exceptions=True)

    def _begin(self, looking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(looking)
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def look(self, surface: Surface, name: str, viewer: Viewer, image: Image) -> None:
        """Look once."""
        person = image.owner if viewer == "owner" else self._world.viewers[viewer]
        headers = dict(surface.headers)
        if surface.etag_of is not None:
            headers["If-None-Match"] = f'"{image.etags.get(surface.etag_of, "unknown")}"'
        body = surface.body(image.id) if surface.body else None
        async with self._slots[name]:
            call = Call("read", image.id, surface.name, name, viewer, now_ns())
            path = surface.path.format(image=image.id)
            answer = await self._world.ask(name, person, surface.method, path, body, headers=headers)
            call.end_ns, call.status = now_ns(), answer.status
            if answer.status == UNANSWERED:
                await asyncio.sleep(_NOBODY_THERE_S)
        call.outcome = surface.judge(answer, image.id)
        self.statuses[viewer if viewer == "owner" else "stranger", answer.status] += 1
        if "etag" in answer.headers:
            image.etags[surface.name] = answer.headers["etag"].strip('"')
        self._history.read(call)

    def _look_somewhere(self) -> None:
        image = self._choose()
        if image is None:
            return
        viewer: Viewer = "owner"
        if self._chance.random() < 0.12 and not image.is_gone:
            surface = self._chance.choice(OWNERS)
        else:
            surface = self._chance.choices(SURFACES, [it.weight for it in SURFACES])[0]
            viewer = self._chance.choice(surface.viewers)
        running = [it.name for it in self._world.stack.replicas(surface.service) if it.is_running]
        name = self._chance.choice(running) if running else None
        if name is not None and not self._slots[name].locked():
            self._begin(self.look(surface, name, viewer, image))

    def _choose(self) -> Image | None:
        if self._recent and self._chance.random() < 0.6:
            return self._chance.choice(self._recent)
        return self._chance.choice(self._world.images) if self._world.images else None
