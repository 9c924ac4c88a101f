"""Works bulk changes off in slices, each enforced before the next begins; takes over what a dead replica left."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aiokafka.errors import KafkaError

from gallery.changes.domain import CHANGED, BulkChange, Item, judge, slowest, without_pending
from gallery.changes.repository import ChangeRepository
from gallery.images.domain import HistoryEntry, Image, entry
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared.consistency import Enforcement, clock
from shared.ending import cancelled
from shared.ids import ChangeId
from shared.mongo import Document, StoreError
from shared.pacing import in_turns

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 1.0
AT_ONCE = 4
_ATTEMPTS = 8


class BulkRunner:
    """The bulk work of one replica, bounded to a few changes at once."""

    def __init__(
        self,
        changes: ChangeRepository,
        images: ImageRepository,
        writer: ImageWriter,
        enforcement: Enforcement,
    ) -> None:
        self._changes = changes
        self._images = images
        self._writer = writer
        self._enforcement = enforcement
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
            change = await self._run_slice(change)
        if await self._is_everywhere(change):
            change = change.model_copy(update={"state": "enforced", "places": without_pending(change.places)})
            await self._changes.save(change)
        else:
            await self._changes.release(change.id, datetime.now(UTC) + timedelta(seconds=1))

    async def _is_everywhere(self, change: BulkChange) -> bool:
        """Tell whether nothing of what the change named is on its way any more, whoever changed it last."""
        if await self._images.all_enforced(change.owner_id):
            return True
        for number in range(change.slices):
            items = await self._changes.items(change, number)
            if await self._images.any_unenforced([item.image_id for item in items], change.owner_id):
                return False
        return True

    async def _run_slice(self, change: BulkChange) -> BulkChange:
        items = await self._changes.items(change, change.next_slice)
        began = clock()
        done, changed = await self._apply(change, items)
        places = await self._enforcement.enforce(changed, began) if changed else []
        await self._changes.save_slice(change, change.next_slice, done)
        change = change.model_copy(
            update={
                "next_slice": change.next_slice + 1,
                "counts": change.counts.with_results(done),
                "places": slowest(change.places, places),
            }
        )
        await self._changes.save(change)
        return change

    async def _apply(self, change: BulkChange, items: Sequence[Item]) -> tuple[list[Item], list[Document]]:
        """Write the truth of a slice; give the items with their results, and the documents to enforce."""
        done: dict[str, Item] = {}
        changed: list[Document] = []
        left = list(items)
        for _ in range(_ATTEMPTS):
            images = await self._images.of_owner([item.image_id for item in left], change.owner_id)
            writes, tried, at = [], [], datetime.now(UTC)
            async for item in in_turns(left):
                image = images.get(item.image_id)
                verdict = judge(item, image, change)
                if verdict.write and image is not None:
                    writes.append((image, _entry(change, item, image, at)))
                    tried.append(item.model_copy(update={"from_": image.visibility}))
                    continue
                done[item.image_id] = item.after(verdict, None if image is None else image.version)
                # Unchanged isn't yet enforced: an earlier change of it may still be on its way.
                if image is not None and verdict.result in {"changed", "unchanged"} and image.enforcing:
                    changed.append(image.model_dump(by_alias=True))
            if not tried:
                break
            # What each was before goes ahead of the write: an undo needs it, also after a crash in between.
            await self._changes.save_slice(change, change.next_slice, [*done.values(), *tried])
            written = {it["_id"]: it for it in await self._writer.change_many(writes)}
            changed += written.values()
            done |= {
                it.image_id: it.after(CHANGED, written[it.image_id]["version"])
                for it in tried
                if it.image_id in written
            }
            left = [it for it in tried if it.image_id not in written]
        lost = {it.image_id: it.model_copy(update={"result": "refused", "reason": "changed_meanwhile"}) for it in left}
        return [done.get(item.image_id) or lost[item.image_id] for item in items], changed


def _entry(change: BulkChange, item: Item, image: Image, at: datetime) -> HistoryEntry:
    return entry(image, item.to, change.owner_id, change.cause, change.id, at)
