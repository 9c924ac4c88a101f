"""Changing one image: its owner's own request, conditional on the version, answered once it is enforced."""

import asyncio
from datetime import UTC, datetime

from gallery.changes.schemas import SingleChangeView
from gallery.images.batches import Batches
from gallery.images.domain import HistoryEntry, Image, StoredEntry, entry, single_change_id
from gallery.images.repository import ImageRepository
from gallery.images.writer import ImageWriter
from shared.auth import User
from shared.consistency import Enforcement, clock, state_of
from shared.contracts import Cause
from shared.http.problems import Problem, not_found
from shared.ids import ImageId, is_id
from shared.mongo import Document
from shared.plans import Plans
from shared.visibility import Visibility, is_already, needs_private_right

_ATTEMPTS = 8


class ChangeService:
    """The use cases of an owner who changes one image."""

    def __init__(
        self, images: ImageRepository, writer: ImageWriter, batches: Batches, enforcement: Enforcement, plans: Plans
    ) -> None:
        self._images = images
        self._writer = writer
        self._batches = batches
        self._enforcement = enforcement
        self._plans = plans

    async def change_visibility(
        self, user: User, image_id: str, to: Visibility, if_match: int | None
    ) -> tuple[Image, SingleChangeView]:
        """Make one image public, private or deleted, and say where that has arrived.

        Raises:
            Problem: 404 unless it is the caller's own live image; 403 `entitlement_required` or 503
                `entitlement_unknown` for making it private; 412 `version_differs`.
        """
        if not is_id(image_id):
            raise not_found()
        for _ in range(_ATTEMPTS):
            document, refusal = await asyncio.gather(
                self._images.owned(ImageId(image_id), user.user_id), self._refusal(user, to)
            )
            if document is None:
                raise not_found()
            if if_match is not None and document["version"] != if_match:
                raise Problem(412, "version_differs", "The image has changed since; look at it again.")
            if is_already(document["visibility"], to):
                whole = await self._images.with_history(ImageId(image_id), user.user_id)
                if whole is None or whole["version"] != document["version"]:
                    continue
                return await self._unchanged(whole)
            if refusal is not None:
                raise refusal
            began = clock()
            change_id = single_change_id(ImageId(image_id), document["version"] + 1)
            change = entry(Image.model_validate(document), to, user.user_id, Cause.OWNER, change_id, datetime.now(UTC))
            changed = await self._writer.change_one(document, change)
            if changed is not None:
                return await self._enforced(changed, change, began)
        raise Problem(409, "too_many_changes", "The image is being changed elsewhere; try again.")

    async def _refusal(self, user: User, to: Visibility) -> Problem | None:
        """Say why `user` may not choose `to` now; read beside the image, told only to the image's owner."""
        if needs_private_right(to):
            try:
                await self._plans.require_private_generation(user)
            except Problem as problem:
                return problem
        return None

    async def _enforced(self, document: Document, change: HistoryEntry, began: float) -> tuple[Image, SingleChangeView]:
        # Shielded: once the truth is written, a caller who hangs up must not stop its publication.
        places = await asyncio.shield(self._enforcement.enforce_one(document, began))
        shown = change.model_copy(update={"places": places}).shown_places()
        view = SingleChangeView(id=change.change_id, state=state_of(places), places=shown)
        return Image.model_validate(document), view

    async def _unchanged(self, document: Document) -> tuple[Image, SingleChangeView]:
        (last,) = await self._batches.told([StoredEntry.model_validate(document["history"][-1])])
        if await self._batches.unsettled([Image.model_validate(document)]):
            # The caller hears 200 only when it is everywhere, whoever asked for it first.
            return await self._enforced(document, last, clock())
        view = SingleChangeView(id=last.change_id, state="enforced", places=last.places)
        return Image.model_validate(document), view
