"""Coalescing: a request joins a call to gallery that began before it."""

import asyncio
import time

from download.decision import Decisions, Grant
from shared.auth import Viewer, id_of
from shared.http.problems import Problem
from shared.ids import ImageId
from shared.mongo import Document

FAULTS = ("freeze-download",)
_KEPT_S = 3.0


class JoinsOlder(Decisions):
    """Makes one call for all who ask about the same image within some seconds."""

    _calls: dict[tuple[str, str | None], tuple[float, asyncio.Task[Grant | Problem]]] = {}  # noqa: RUF012 - one in a process

    async def _fall_back(self, image_id: ImageId, viewer: Viewer, row: Document | None) -> Grant:
        name, now = (image_id, id_of(viewer)), time.monotonic()
        began, call = self._calls.get(name, (0.0, None))
        if call is None or now - began > _KEPT_S:
            call = asyncio.create_task(self._ask(image_id, viewer, row))
            self._calls[name] = (now, call)
        answer = await asyncio.shield(call)
        if isinstance(answer, Problem):
            raise answer
        return answer

    async def _ask(self, image_id: ImageId, viewer: Viewer, row: Document | None) -> Grant | Problem:
        try:
            return await super()._fall_back(image_id, viewer, row)
        except Problem as problem:
            return problem


PARTS = {"download": {"decisions_type": JoinsOlder}}
