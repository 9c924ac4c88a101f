"""Works bulk changes off in slices, each enforced before the next begins; takes over what a dead replica left."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from aiokafka.errors import KafkaError

from gallery.changes.domain import BulkChange, without_pending
from gallery.changes.repository import ChangeRepository
from gallery.changes.slices import Slices
from gallery.images.repository import ImageRepository
from shared.ending import cancelled
from shared.ids import ChangeId
from shared.mongo import StoreError

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 1.0
AT_ONCE = 4


class BulkRunner:
    """The bulk work of one replica, bounded to a few changes at once."""

    def __init__(self, changes: ChangeRepository, images: ImageRepository, slices: Slices) -> None:
        self._changes = changes
        self._images = images
        self._slices = slices
        self._running: dict[ChangeId, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    def start(self, change_id: ChangeId) -> asyncio.Task[None]:
        """Begin to work on a change, or give the work that is under way."""
        task = self._running.get(change_id)
        if task is None:
            task = self._running[change_id] = asyncio.create_task(self._run_bounded(change_id))
            task.add_done_callback(lambda _: self._running.pop(change_id, None))
        return task

    async def take_over_forever(self) -> None:
        """Look every second for changes that nobody works on, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                for change_id in await self._changes.open_ids(limit=AT_ONCE):
                    self.start(change_id)
            except (StoreError, OSError) as error:
                log.warning("bulk sweep failed", extra={"error": type(error).__name__})

    async def aclose(self) -> None:
        """Stop; another replica, or the next start, goes on where this one was."""
        await cancelled(list(self._running.values()))

    async def _run_bounded(self, change_id: ChangeId) -> None:
        async with self._slots:
            try:
                await self._run(change_id)
            except (StoreError, KafkaError, TimeoutError, OSError) as error:
                log.warning("bulk interrupted", extra={"error": type(error).__name__})

    async def _run(self, change_id: ChangeId) -> None:
        change = await self._changes.claim(change_id)
        if change is None:
            return
        while not change.is_worked_off:
            change = await self._slices.work_off(change)
        if await self._is_everywhere(change):
            change = change.model_copy(update={"state": "enforced", "places": without_pending(change.places)})
            await self._changes.save(change)
        else:
            await self._changes.release(change.id, datetime.now(UTC) + timedelta(seconds=1))

    async def _is_everywhere(self, change: BulkChange) -> bool:
        """Tell whether nothing of what the change named is on its way any more, whoever changed it last.

        By now what it wrote is noted or flagged, and a later batch replaces only what was everywhere.
        """
        if await self._images.all_enforced(change.owner_id):
            return True
        for number in range(change.slices):
            items = await self._changes.items(change, number)
            if await self._images.any_unenforced([item.image_id for item in items], change.owner_id):
                return False
        return True
