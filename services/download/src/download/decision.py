"""May this viewer have this image now? The one place that decides, with a named outcome for each answer.

- `fresh`: the service's own row grants it, while the lease vouches for it.
- `fallback`: gallery, asked with the viewer's own credentials, grants it.
- `owner`: gallery can't be asked; the row's owner asks for their own image (ownership never changes).
- `refused`: 404, the same for unknown, deleted, private.
- `undecided`: 503; nobody could be asked.

While the lease doesn't hold, or the row is in quarantine, gallery is asked whoever the viewer is.
Every refusal of a signed-in viewer makes one call to gallery, whatever its reason, so that nothing can be told
from time and a just-made image works for its owner. The decision comes before 304, HEAD and Range.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Literal

import httpx
from opentelemetry import metrics
from pydantic import BaseModel, ValidationError

from shared.auth import Viewer, id_of
from shared.consistency import Sights
from shared.contracts import VisibilityChanged
from shared.http.problems import not_found, unavailable
from shared.ids import ImageId, UserId, is_id
from shared.mongo import Document
from shared.visibility import Visibility, is_deleted, last_known, may_view, parse_row

log = logging.getLogger(__name__)
_decisions = metrics.get_meter("download.decision").create_counter("download.decisions")

Outcome = Literal["fresh", "fallback", "owner", "refused", "undecided"]

_ROW_WITHIN_S = 2.0
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Grant:
    """An image that the viewer may have, and what its bytes depend on."""

    image_id: ImageId
    owner_id: UserId
    visibility: Visibility
    master_key: str


class _GalleryAnswer(BaseModel):
    owner_id: UserId
    visibility: Visibility


class Decisions:
    """Decides from the service's own rows first, then by asking gallery."""

    def __init__(self, sights: Sights[VisibilityChanged], http: httpx.AsyncClient, gallery_url: str) -> None:
        self._sights = sights
        self._http = http
        self._url = f"{gallery_url}/v1/images/"

    async def decide(self, image_id: str, viewer: Viewer) -> Grant:
        """Give the grant, or raise.

        Raises:
            Problem: 404 when refused, 503 when nobody could be asked.
            StoreError: the service's own store is lost; answered as 503 for everybody alike.
        """
        if not is_id(image_id):
            raise self._refuse()
        sight = await self._sights.of(image_id)
        if sight.is_fresh:
            grant = _grant(sight.row, None if sight.row is None else parse_row(sight.row))
            if grant is not None and may_view(grant, id_of(viewer)):
                _count("fresh")
                return grant
            if viewer is None:
                raise self._refuse()
        return await self._fall_back(ImageId(image_id), viewer, sight.row)

    async def is_gone(self, image_id: ImageId) -> bool:
        """Tell whether the image is known to be deleted: what was made of it meanwhile must go."""
        sight = await self._sights.of(image_id)
        visibility = None if sight.row is None else last_known(sight.row)
        return visibility is not None and is_deleted(visibility)

    async def _fall_back(self, image_id: ImageId, viewer: Viewer, row: Document | None) -> Grant:
        # Each request makes its own call: one that joined an older call could be told of the time before it began.
        headers = {} if viewer is None else {"Authorization": f"Bearer {viewer.token}"}
        try:
            answer = await self._http.get(self._url + image_id, headers=headers)
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise self._refuse()
            answer.raise_for_status()
            said = _GalleryAnswer.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("gallery can't be asked", extra={"error": type(error).__name__})
            return self._without_gallery(viewer, row)
        _count("fallback")
        known = _grant(row, said.visibility) or await self._wait_for_row(image_id, said.visibility)
        return Grant(image_id, said.owner_id, said.visibility, known.master_key)

    def _without_gallery(self, viewer: Viewer, row: Document | None) -> Grant:
        # The row may be stale or in doubt: as private is how its own owner may have it, and nobody else.
        known = None if row is None else last_known(row)
        own = _grant(row, None if known is None or is_deleted(known) else Visibility.PRIVATE)
        if own is not None and viewer is not None and may_view(own, viewer.user_id):
            _count("owner")
            return own
        _count("undecided")
        raise unavailable()

    async def _wait_for_row(self, image_id: ImageId, visibility: Visibility) -> Grant:
        """Wait a moment for a just-made image's row, which knows where its master lies."""
        try:
            async with asyncio.timeout(_ROW_WITHIN_S) as limit:
                # The store's client may swallow the time-out's cancellation (shared.ending).
                while not limit.expired():
                    grant = _grant((await self._sights.of(image_id)).row, visibility)
                    if grant is not None:
                        return grant
                    await asyncio.sleep(_LOOK_EVERY_S)
                raise TimeoutError
        except TimeoutError:
            raise unavailable("The image is on its way; try again in a moment.") from None

    @staticmethod
    def _refuse() -> Exception:
        _count("refused")
        return not_found()


def _grant(row: Document | None, visibility: Visibility | None) -> Grant | None:
    if row is None or visibility is None or "master_key" not in row:
        return None
    return Grant(ImageId(row["_id"]), row["owner_id"], visibility, row["master_key"])


def _count(outcome: Outcome) -> None:
    _decisions.add(1, {"outcome": outcome})
