"""Changing many images: accepted as a whole, answered as far as it is, undone as one."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter

from gallery.changes.bulk import BulkRunner
from gallery.changes.domain import SLICE_SIZE, BulkChange, Item, may_undo_without_plan
from gallery.changes.repository import ChangeRepository
from gallery.changes.schemas import (
    MAX_IMAGES,
    ChangeCounts,
    ChangeRequest,
    ChangeView,
    ItemView,
    Selection,
)
from gallery.images.domain import HistoryEntry
from gallery.images.repository import ImageRepository
from shared.auth import User
from shared.consistency import Enforcement, PlaceView
from shared.contracts import Cause
from shared.http.cursors import Cursors, Keyset
from shared.http.problems import Problem, not_found
from shared.ids import ChangeId, ImageId, UserId, is_id
from shared.pacing import in_turns
from shared.plans import Plans
from shared.topics import VISIBILITY_CHANGES
from shared.visibility import Visibility, is_deleted, needs_private_right

OPEN_AT_MOST = 8
"""Changes of one person that may be under way at once: nobody else's waits behind more."""


class BulkService:
    """The use cases of an owner who changes many images."""

    def __init__(
        self,
        changes: ChangeRepository,
        images: ImageRepository,
        runner: BulkRunner,
        enforcement: Enforcement,
        plans: Plans,
        cursors: Cursors,
        wait_s: float,
    ) -> None:
        self._changes = changes
        self._images = images
        self._runner = runner
        self._enforcement = enforcement
        self._plans = plans
        self._cursors = cursors
        self._wait_s = wait_s

    async def accept(self, user: User, request: ChangeRequest, change_id: ChangeId) -> ChangeView:
        """Freeze what is to change, begin, and answer once done or after a moment.

        A repeat with the same `change_id` answers the change that is there.

        Raises:
            Problem: 403 or 503 as for one image; 422 `too_many_images`; 429 `too_many_changes_open`.
        """
        if await self._changes.get(change_id, user.user_id) is None:
            await self._require_room(user.user_id)
            if needs_private_right(request.visibility):
                await self._plans.require_private_generation(user)
            items = await self._freeze(user.user_id, request)
            await self._insert(change_id, user.user_id, items, Cause.BULK, request.visibility)
        return await self._answer(user, change_id)

    async def undo(self, user: User, undone_id: str, change_id: ChangeId) -> ChangeView:
        """Take a change back, once; what changed since is skipped.

        Raises:
            Problem: 404 for somebody else's; 409 `already_undone`, `still_running` or `not_undoable`;
                403 or 503 when it makes images private again and the plan doesn't allow that any more.
        """
        if not is_id(undone_id):
            raise not_found()
        if await self._changes.get(change_id, user.user_id) is None:
            await self._require_room(user.user_id)
            changed_at, items = await self._undo_items(user, ChangeId(undone_id))
            if any(needs_private_right(item.to) for item in items) and not may_undo_without_plan(
                changed_at, datetime.now(UTC)
            ):
                await self._plans.require_private_generation(user)
            if not await self._changes.mark_undone(ChangeId(undone_id), change_id):
                raise Problem(409, "already_undone", "This change has been undone already.")
            await self._insert(change_id, user.user_id, items, Cause.UNDO, None, ChangeId(undone_id))
        return await self._answer(user, change_id)

    async def see(self, user: User, change_id: str, cursor: str | None, limit: int) -> ChangeView:
        """Give a change of the caller's, of one image or many, with a page of its items.

        Raises:
            Problem: 404 for somebody else's or none.
        """
        if not is_id(change_id):
            raise not_found()
        change = await self._changes.get(ChangeId(change_id), user.user_id)
        if change is not None:
            return await self._view(change, cursor, limit)
        await self._enforcement.settled()
        single = await self._images.by_change(ChangeId(change_id), user.user_id)
        if single is None:
            raise not_found()
        return _single_view(ImageId(single[0]["_id"]), single[1])

    async def _require_room(self, owner: UserId) -> None:
        if await self._changes.count_open(owner) >= OPEN_AT_MOST:
            raise Problem(429, "too_many_changes_open", "Wait until one of your changes is done.", retry_after_s=2)

    async def _freeze(self, owner: UserId, request: ChangeRequest) -> list[Item]:
        if request.select is not None:
            chosen = await self._select(owner, request.select)
        else:
            wanted = [ImageId(it) for it in request.image_ids or ()]
            found = await self._images.of_owner(list(dict.fromkeys(wanted)), owner)
            chosen = {it: found[it].version if it in found else None for it in wanted}
        frozen = in_turns(chosen.items())
        return [Item(image_id=it, version=version, to=request.visibility) async for it, version in frozen]

    async def _select(self, owner: UserId, select: Selection) -> Mapping[ImageId, int | None]:
        visibility = None if select.visibility == "all" else select.visibility
        before = select.before or datetime.now(UTC)
        excluded = set(select.exclude)
        found = await self._images.versions_of(owner, visibility, before, MAX_IMAGES + len(excluded) + 1)
        chosen = {it: version for it, version in found.items() if it not in excluded}
        if len(chosen) > MAX_IMAGES:
            raise Problem(
                422, "too_many_images", f"At most {MAX_IMAGES} images in one change; narrow it with `before`."
            )
        return chosen

    async def _undo_items(self, user: User, undone_id: ChangeId) -> tuple[datetime, list[Item]]:
        change = await self._changes.get(undone_id, user.user_id)
        if change is None:
            single = await self._images.by_change(undone_id, user.user_id)
            if single is None:
                raise not_found()
            document, last = single
            if last.from_ is None or is_deleted(last.to):
                raise Problem(409, "not_undoable", "This can't be undone.")
            return last.at, [Item(image_id=document["_id"], version=last.version, to=last.from_)]
        if not change.is_worked_off:
            raise Problem(409, "still_running", "Wait until the change is done, then undo it.", retry_after_s=1)
        if change.visibility is not None and is_deleted(change.visibility):
            raise Problem(409, "not_undoable", "Deleting can't be undone.")
        items = [item for number in range(change.slices) for item in await self._changes.items(change, number)]
        return change.created_at, [
            Item(image_id=item.image_id, version=item.new_version, to=item.from_)
            for item in items
            if item.result == "changed" and item.from_ is not None
        ]

    async def _insert(
        self,
        change_id: ChangeId,
        owner: UserId,
        items: Sequence[Item],
        cause: Cause,
        to: Visibility | None,
        undo_of: ChangeId | None = None,
    ) -> None:
        change = BulkChange(
            id=change_id,
            owner_id=owner,
            cause=cause,
            visibility=to,
            created_at=datetime.now(UTC),
            slices=-(-len(items) // SLICE_SIZE),
            slice_size=SLICE_SIZE,
            counts=ChangeCounts(total=len(items), pending=len(items)),
            undo_of=undo_of,
        )
        # By partition: of each slice, a consumer group has fewer to commit and fewer positions to move.
        placed = [(VISIBILITY_CHANGES.partition_of(item.image_id), item) async for item in in_turns(items)]
        await self._changes.insert(change, [item for _, item in sorted(placed, key=itemgetter(0))])

    async def _answer(self, user: User, change_id: ChangeId) -> ChangeView:
        await asyncio.wait({self._runner.start(change_id)}, timeout=self._wait_s)
        change = await self._changes.get(change_id, user.user_id)
        if change is None:
            raise not_found()
        return await self._view(change, None, 200)

    async def _view(self, change: BulkChange, cursor: str | None, limit: int) -> ChangeView:
        scope = f"change/{change.id}"
        after = self._cursors.open(scope, cursor)
        first = 0 if after is None else int(after.id)
        numbers = range(first // change.slice_size, min(change.slices, (first + limit) // change.slice_size + 1))
        items = [item for number in numbers for item in await self._changes.items(change, number)]
        skip = first - numbers.start * change.slice_size
        last = first + limit
        return ChangeView(
            id=change.id,
            state=change.state,
            places=await self._places(change),
            visibility=change.visibility,
            counts=change.counts,
            items=[
                ItemView(image_id=item.image_id, result=item.result, reason=item.reason)
                for item in items[skip : skip + limit]
            ],
            next_cursor=self._cursors.seal(scope, Keyset(change.created_at, str(last)))
            if last < change.counts.total
            else None,
            created_at=change.created_at,
            undo_of=change.undo_of,
            undone_by=change.undone_by,
        )

    async def _places(self, change: BulkChange) -> list[PlaceView]:
        if change.visibility is None or not is_deleted(change.visibility):
            return change.places
        gone = change.is_worked_off and await self._images.count_unerased(change.id) == 0
        return [*change.places, PlaceView(name="erased", state="applied" if gone else "pending", ms=None)]


def _single_view(image_id: ImageId, change: HistoryEntry) -> ChangeView:
    return ChangeView(
        id=change.change_id,
        state="pending" if change.enforced_at is None else "enforced",
        places=change.shown_places(),
        visibility=change.to,
        counts=ChangeCounts(total=1, changed=1),
        items=[ItemView(image_id=image_id, result="changed")],
        next_cursor=None,
        created_at=change.at,
    )
