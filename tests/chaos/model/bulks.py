"""Bulk changes of the modelled system: of all images, begun by one replica of gallery, gone on with by any."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from tests.chaos.model.replicas import Gallery, PowerCutError, fused

from gallery.changes.domain import BulkChange, Item
from gallery.changes.repository import ChangeRepository
from gallery.changes.schemas import ChangeCounts
from gallery.changes.slices import Slices
from gallery.images.batches import Batches
from gallery.images.domain import Image
from gallery.images.repository import ImageRepository
from shared.bus.broker import Place
from shared.consistency import Barrier, Enforcement, PlaceView
from shared.contracts import Cause
from shared.ids import ChangeId, ImageId, UserId, new_change_id
from shared.mongo import Database
from shared.topics import VISIBILITY_CHANGES
from shared.visibility import Visibility

if TYPE_CHECKING:
    from tests.chaos.model.system import System

_LOOKS = 36


class _ModelBarrier:
    """Waits no time: download's group reads what there is, or is held up."""

    def __init__(self, system: "System", *, is_read: bool) -> None:
        self._system = system
        self._is_read = is_read

    async def wait(self, places: Sequence[Place], began: float, timeout_s: float) -> list[PlaceView]:
        acknowledged = self._system.now
        if self._is_read:
            await self._system.read_all_of_download()
        reached = all(self._system.is_answered(place.offset, acknowledged) for place in places)
        return [PlaceView(name="download", state="applied" if reached else "pending", ms=None)]

    def unreached(self) -> list[PlaceView]:
        return [PlaceView(name="download", state="pending", ms=None)]


class Bulks:
    """What owners asked for of all images at once, and what they were promised by it."""

    def __init__(self, system: "System", database: Database, owner: UserId) -> None:
        self._system = system
        self._database = database
        self._owner = owner
        self._open: list[ChangeId] = []
        self._asks: dict[ChangeId, dict[str, int]] = {}
        self._looks = 0

    async def begin(self, to: Visibility, who: int, *, is_read: bool) -> None:
        """An owner changes all images; `is_read` false: download is held up."""
        if not self._system.is_serving:
            return
        images = await ImageRepository(self._database).of_owner(
            [ImageId(it) for it in self._system.images], self._owner
        )
        change = BulkChange(
            id=new_change_id(),
            owner_id=self._owner,
            cause=Cause.BULK,
            visibility=to,
            created_at=datetime.now(UTC),
            slices=1,
            counts=ChangeCounts(total=len(images), pending=len(images)),
        )
        for name in images:
            self._system.asks[name].append(to)
        self._asks[change.id] = {name: len(self._system.asks[name]) - 1 for name in images}
        items = [Item(image_id=it.id, version=it.version, to=to) for it in images.values()]
        await ChangeRepository(self._database).insert(change, items)
        self._open.append(change.id)
        await self.go_on(who, is_read=is_read)

    async def go_on(self, who: int, *, is_read: bool) -> None:
        """A replica works on what was accepted and isn't done, whoever began it."""
        if not self._system.is_serving:
            return
        for change_id in list(self._open):
            try:
                await self._work_on(change_id, self._system.galleries[who], is_read=is_read)
            except* PowerCutError:
                await self._system.restart_gallery(who)

    async def follow(self, who: int, *, is_read: bool) -> None:
        """A replica follows up what isn't known to be everywhere; the power stays on meanwhile."""
        replica = self._system.galleries[who]
        replica.fuse.left = None
        # Each look at an open batch doubles the time until the next: so much later is it now.
        self._looks = min(self._looks + 1, _LOOKS)
        await self._enforcement(replica, is_read=is_read).follow(-timedelta(seconds=2**self._looks))

    async def note_promises(self) -> None:
        """Hold what histories tell their owners of bulk changes: that they were enforced."""
        for document in await self._database["images"].find({}).to_list(None):
            for entry in await Batches(self._database).told(Image.model_validate(document).history):
                if entry.enforced_at is not None and entry.change_id in self._asks:
                    self._promise(document["_id"], entry.change_id, entry.to)

    async def _work_on(self, change_id: ChangeId, replica: Gallery, *, is_read: bool) -> None:
        changes = fused(ChangeRepository, replica.fuse, "save_slice", "save")(self._database)
        change = await changes.get(change_id, self._owner)
        if change is None:
            self._open.remove(change_id)  # the store was put back to before it
            return
        images, enforcement = ImageRepository(self._database), self._enforcement(replica, is_read=is_read)
        slices = Slices(changes, images, replica.writer, replica.batches, enforcement)
        while not change.is_worked_off:
            change = await slices.work_off(change)
        if not await images.all_enforced(self._owner):
            return
        for item in await changes.items(change, 0):
            if item.result in {"changed", "unchanged"}:
                self._promise(item.image_id, change_id, item.to)
        self._open.remove(change_id)

    def _promise(self, image_id: str, change_id: ChangeId, to: Visibility) -> None:
        if to is Visibility.PRIVATE:
            ask = self._asks[change_id][image_id]
            self._system.hidden[image_id] = max(ask, self._system.hidden.get(image_id, 0))

    def _enforcement(self, replica: Gallery, *, is_read: bool) -> Enforcement:
        barrier = cast("Barrier", _ModelBarrier(self._system, is_read=is_read))
        return Enforcement("gallery", VISIBILITY_CHANGES.name, replica.writer, replica.publisher, barrier, 1.0)
