"""One slice of a bulk change: judged, written as one batch, brought to every place, and its outcome noted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gallery.changes.domain import CHANGED, BulkChange, Item, judge, slowest
from gallery.changes.repository import ChangeRepository
from gallery.images.batches import Batches
from gallery.images.domain import Image, StoredEntry, entry
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared.consistency import Enforcement, PlaceView, clock, state_of
from shared.ids import BatchId, ImageId
from shared.mongo import Document
from shared.pacing import in_turns
from shared.visibility import is_deleted

_ATTEMPTS = 8


@dataclass
class _Work:
    """What a slice has written, or found written and not yet everywhere; `tried`: what its batches may have written."""

    batches: list[BatchId] = field(default_factory=list)
    tried: set[ImageId] = field(default_factory=set)
    documents: list[Document] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Nothing that a batch may have written is missing among the documents."""
        return self.tried <= {it["_id"] for it in self.documents}


class Slices:
    """Works off the next slice of a change, whoever began it."""

    def __init__(
        self,
        changes: ChangeRepository,
        images: ImageRepository,
        writer: ImageWriter,
        batches: Batches,
        enforcement: Enforcement,
    ) -> None:
        self._changes = changes
        self._images = images
        self._writer = writer
        self._batches = batches
        self._enforcement = enforcement

    async def work_off(self, change: BulkChange) -> BulkChange:
        """Change and enforce what the next slice names; give the change as it is then.

        Raises:
            StoreError: the slice is to be begun again; what it has written is followed up meanwhile.
        """
        items = await self._changes.items(change, change.next_slice)
        began = clock()
        done, work = await self._apply(change, items)
        places = await self._enforce(work, began) if work.documents else []
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

    async def _apply(self, change: BulkChange, items: Sequence[Item]) -> tuple[list[Item], _Work]:
        """Write the truth of a slice; give the items with their results, and what is to be enforced."""
        done: dict[ImageId, Item] = {}
        work = _Work()
        left = list(items)
        for _ in range(_ATTEMPTS):
            images = await self._images.of_owner([item.image_id for item in left], change.owner_id)
            unsettled = await self._batches.unsettled(images.values())
            chosen: list[tuple[Item, Image]] = []
            async for item in in_turns(left):
                image = images.get(item.image_id)
                verdict = judge(item, image, change)
                if verdict.write and image is not None:
                    chosen.append((item.model_copy(update={"from_": image.visibility}), image))
                    continue
                done[item.image_id] = item.after(verdict, None if image is None else image.version)
                # Unchanged isn't yet enforced: an earlier change of it may still be on its way.
                if image is not None and verdict.result in {"changed", "unchanged"} and image.id in unsettled:
                    work.documents.append(image.model_dump(by_alias=True))
            left = [item for item, _ in chosen]
            if not left:
                break
            # What each was before goes ahead of the write: an undo needs it, also after a crash in between.
            await self._changes.save_slice(change, change.next_slice, [*done.values(), *left])
            versions = await self._write(change, work, chosen, unsettled)
            done |= {it.image_id: it.after(CHANGED, versions[it.image_id]) for it in left if it.image_id in versions}
            left = [it for it in left if it.image_id not in versions]
        lost = {it.image_id: it.model_copy(update={"result": "refused", "reason": "changed_meanwhile"}) for it in left}
        return [done.get(item.image_id) or lost[item.image_id] for item in items], work

    async def _write(
        self, change: BulkChange, work: _Work, chosen: Sequence[tuple[Item, Image]], unsettled: set[ImageId]
    ) -> dict[ImageId, int]:
        """Write what was chosen, in a batch what may be; give the new versions of what is known to be written."""
        # A batch replaces nothing that is still on its way. Deletions are followed one by one until bytes are gone.
        together = {image.id for item, image in chosen if image.id not in unsettled and not is_deleted(item.to)}
        batch = None
        if together:
            batch = await self._batches.open(sorted(together))
            work.batches.append(batch)
            work.tried |= together
        at = datetime.now(UTC)
        writes = [
            (image, _entry(change, item, image, at, batch if image.id in together else None)) for item, image in chosen
        ]
        written = await self._writer.change_many(writes)
        work.documents += written
        return {it["_id"]: it["version"] for it in written}

    async def _enforce(self, work: _Work, began: float) -> list[PlaceView]:
        """Bring a slice to every place, and note how far it is: together where that is everywhere, else one by one."""
        sent, places = await self._enforcement.bring(work.documents, began)
        enforced = state_of(places) == "enforced"
        noted = enforced and work.is_whole and await self._batches.note(work.batches, places)
        alone = [it for it in sent if not noted or it[0]["batch"] not in work.batches]
        await self._writer.mark(alone, places, enforced=enforced)
        if work.is_whole and not noted:
            await self._batches.drop(work.batches)
        return places


def _entry(change: BulkChange, item: Item, image: Image, at: datetime, batch: BatchId | None) -> StoredEntry:
    written = entry(image, item.to, change.owner_id, change.cause, change.id, at)
    return written.model_copy(update={"batch": batch})
