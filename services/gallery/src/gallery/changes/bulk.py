"""Works bulk changes off in slices: while one is being enforced, the truth of the next is written.

Only one slice at a time is on its way to the enforcers, so that everybody else's leases stay fresh. What a dead replica
left is taken over from the first slice that isn't noted as done; doing a slice again changes nothing.
"""

import asyncio
import logging
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Written:
    """A slice in the truth: when that began, its items with their results, and the documents to enforce."""

    began: float
    items: list[Item]
    documents: list[Document]


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
            except* (StoreError, KafkaError, TimeoutError, OSError) as errors:
                log.warning("bulk interrupted", extra={"errors": [type(it).__name__ for it in errors.exceptions]})

    async def _run(self, change_id: ChangeId) -> None:
        change = await self._changes.claim(change_id)
        if change is None:
            return
        change = await self._work_off(change)
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

    async def _work_off(self, change: BulkChange) -> BulkChange:
        async with asyncio.TaskGroup() as tasks:
            before = None
            for number in range(change.next_slice, change.slices):
                written = await self._write(change, number)
                change = change if before is None else await before
                before = tasks.create_task(self._enforce(change, number, written))
        return change if before is None else before.result()

    async def _enforce(self, change: BulkChange, number: int, written: _Written) -> BulkChange:
        """Enforce what was written of a slice, and note its results and how far the change is."""
        places = await self._enforcement.enforce(written.documents, written.began) if written.documents else []
        await self._changes.save_slice(change, number, written.items)
        change = change.model_copy(
            update={
                "next_slice": number + 1,
                "counts": change.counts.with_results(written.items),
                "places": slowest(change.places, places),
            }
        )
        await self._changes.save(change)
        return change

    async def _write(self, change: BulkChange, number: int) -> _Written:
        """Write the truth of a slice."""
        began, items = clock(), await self._changes.items(change, number)
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
            await self._changes.save_slice(change, number, [*done.values(), *tried])
            written = {it["_id"]: it for it in await self._writer.change_many(writes)}
            changed += written.values()
            done |= {
                it.image_id: it.after(CHANGED, written[it.image_id]["version"])
                for it in tried
                if it.image_id in written
            }
            left = [it for it in tried if it.image_id not in written]
        lost = {it.image_id: it.model_copy(update={"result": "refused", "reason": "changed_meanwhile"}) for it in left}
        return _Written(began, [done.get(item.image_id) or lost[item.image_id] for item in items], changed)


def _entry(change: BulkChange, item: Item, image: Image, at: datetime) -> HistoryEntry:
    return entry(image, item.to, change.owner_id, change.cause, change.id, at)
