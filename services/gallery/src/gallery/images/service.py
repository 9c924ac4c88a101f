"""Reading images: lists, one, counts, history."""

from gallery.images.batches import Batches
from gallery.images.domain import Image, StoredEntry
from gallery.images.repository import ImageRepository
from gallery.images.schemas import CountsView, HistoryPage, ImagePage, view_of
from shared.consistency import Enforcement
from shared.http.cursors import Cursors, Keyset
from shared.http.problems import not_found
from shared.ids import ImageId, UserId, is_id
from shared.visibility import Visibility


class ImageService:
    """The use cases of those who look."""

    def __init__(self, images: ImageRepository, batches: Batches, enforcement: Enforcement, cursors: Cursors) -> None:
        self._images = images
        self._batches = batches
        self._enforcement = enforcement
        self._cursors = cursors

    async def see(self, image_id: str, viewer: UserId | None) -> Image:
        """Give one image that `viewer` may see.

        Raises:
            Problem: 404, the same for an unknown, a deleted and somebody else's private image.
        """
        image = await self._images.readable(ImageId(image_id), viewer) if is_id(image_id) else None
        if image is None:
            raise not_found()
        return image

    async def explore(self, viewer: UserId | None, cursor: str | None, limit: int) -> ImagePage:
        """Give a page of the public feed, newest first."""
        after = self._cursors.open("explore", cursor)
        return self._page("explore", await self._images.explore(after, limit + 1), viewer, limit)

    async def creations(self, owner: UserId, chosen: Visibility | None, cursor: str | None, limit: int) -> ImagePage:
        """Give a page of the owner's own images, newest first."""
        scope = f"creations/{owner}/{chosen}"
        after = self._cursors.open(scope, cursor)
        return self._page(scope, await self._images.creations(owner, chosen, after, limit + 1), owner, limit)

    async def counts(self, owner: UserId) -> CountsView:
        """Count the owner's images."""
        public, private = await self._images.counts(owner)
        return CountsView(all=public + private, public=public, private=private)

    async def history(self, image_id: str, owner: UserId, cursor: str | None, limit: int) -> HistoryPage:
        """Give a page of an image's changes, newest first; its owner's only.

        Raises:
            Problem: 404 for everybody else.
        """
        await self._enforcement.settled()
        document = await self._images.with_history(ImageId(image_id), owner) if is_id(image_id) else None
        if document is None:
            raise not_found()
        scope = f"history/{image_id}"
        after = self._cursors.open(scope, cursor)
        below = document["version"] + 1 if after is None else int(after.id)
        recent = [StoredEntry.model_validate(it) for it in reversed(document["history"]) if it["version"] < below]
        oldest = recent[-1].version if recent else below
        older = await self._images.older_history(ImageId(image_id), oldest, limit + 1) if len(recent) <= limit else []
        entries = (recent + older)[: limit + 1]
        last = entries[limit - 1] if len(entries) > limit else None
        next_cursor = last and self._cursors.seal(scope, Keyset(last.at, str(last.version)))
        return HistoryPage(items=await self._batches.told(entries[:limit]), next_cursor=next_cursor)

    def _page(self, scope: str, found: list[Image], viewer: UserId | None, limit: int) -> ImagePage:
        last = found[limit - 1] if len(found) > limit else None
        next_cursor = last and self._cursors.seal(scope, Keyset(last.created_at, last.id))
        return ImagePage(items=[view_of(image, viewer) for image in found[:limit]], next_cursor=next_cursor)
