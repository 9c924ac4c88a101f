"""An image's truth and its history. Pure."""

import re
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.consistency import PlaceView
from shared.contracts import Cause, VisibilityChanged
from shared.ids import BatchId, ChangeId, GenerationId, ImageId, UserId
from shared.visibility import Visibility, is_deleted

_VERSION = re.compile(r"[1-9][0-9]{0,8}")


class HistoryEntry(BaseModel):
    """One change of visibility: when, who, from, to, why, and when it was enforced where."""

    version: int
    change_id: ChangeId
    at: datetime
    by: UserId
    from_: Visibility | None = Field(alias="from", serialization_alias="from")
    to: Visibility
    why: Cause
    enforced_at: datetime | None = None
    places: list[PlaceView] = []
    erased_at: datetime | None = None

    model_config = ConfigDict(populate_by_name=True)

    def shown_places(self) -> list[PlaceView]:
        """Give the places as they are shown: a deletion's also say whether its bytes and prompt are gone.

        `erased` isn't part of "enforced everywhere": a lost object store never delays a revocation.
        """
        return [*self.places, erased(self.at, self.erased_at)] if is_deleted(self.to) else self.places


class StoredEntry(HistoryEntry):
    """An entry as it is kept: where a batch wrote it, when it was enforced where is noted there."""

    batch: BatchId | None = None


def erased(at: datetime, erased_at: datetime | None) -> PlaceView:
    """Give the place `erased` of a deletion made at `at`."""
    if erased_at is None:
        return PlaceView(name="erased", state="pending", ms=None)
    return PlaceView(name="erased", state="applied", ms=(erased_at - at).total_seconds() * 1000)


class Image(BaseModel):
    """One image. `change_id`, `cause` and `batch` are those of its current version.

    `enforcing` until every place has that version; where a batch wrote it, the batch says so instead.
    """

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    id: ImageId = Field(alias="_id")
    owner_id: UserId
    generation_id: GenerationId
    visibility: Visibility
    version: int
    created_at: datetime
    width: int
    height: int
    master_key: str
    changed_at: datetime
    cause: Cause
    change_id: ChangeId
    unpublished: bool
    enforcing: bool
    batch: BatchId | None = None
    published: dict[str, int] | None = None
    history: list[StoredEntry] = []


def entry(
    image: Image | None, to: Visibility, by: UserId, why: Cause, change_id: ChangeId, at: datetime
) -> StoredEntry:
    """Give the history's entry of the change that takes `image` (None: a new one) to `to`."""
    return StoredEntry(
        version=1 if image is None else image.version + 1,
        change_id=change_id,
        at=at,
        by=by,
        from_=None if image is None else image.visibility,
        to=to,
        why=why,
    )


def single_change_id(image_id: ImageId, version: int) -> ChangeId:
    """Give the id of the change that took one image to `version`: it has no document, so its id says where it is."""
    return ChangeId(f"{image_id}.{version}")


def single_change_of(change_id: ChangeId) -> tuple[ImageId, int] | None:
    """Give the image and the version that a `single_change_id` names; None for the id of a bulk."""
    image_id, _, version = change_id.rpartition(".")
    return (ImageId(image_id), int(version)) if image_id and _VERSION.fullmatch(version) else None


def to_event(document: dict[str, Any]) -> VisibilityChanged:
    """Give the event of an image's document, whole."""
    return VisibilityChanged(
        image_id=document["_id"],
        **{name: document[name] for name in VisibilityChanged.model_fields if name != "image_id"},
    )
