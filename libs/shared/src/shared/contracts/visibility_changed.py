"""`gallery.visibility-changes`: the whole public truth of one image; a deleted one stays as such for ever."""

from enum import StrEnum
from typing import ClassVar

from shared.contracts.envelope import Event, Moment, Version
from shared.ids import GenerationId, ImageId, UserId
from shared.visibility import Visibility


class Cause(StrEnum):
    """Why an image got the visibility that it has."""

    GENERATED = "generated"
    OWNER = "owner"
    BULK = "bulk"
    UNDO = "undo"
    REAFFIRMED = "reaffirmed"
    RESTORED = "restored"


class VisibilityChanged(Event):
    """The whole state of one image: enough to serve it, and to give gallery its truth back after a restore."""

    type: ClassVar[str] = "gallery.visibility-changed.v1"
    topic: ClassVar[str] = "gallery.visibility-changes"
    source: ClassVar[str] = "gallery"
    changing: ClassVar[tuple[str, ...]] = ("visibility", "version", "cause", "changed_at")

    image_id: ImageId
    owner_id: UserId
    generation_id: GenerationId
    visibility: Visibility
    version: Version
    cause: Cause
    master_key: str
    width: int
    height: int
    created_at: Moment
    changed_at: Moment

    @property
    def key(self) -> str:
        """The image's id."""
        return self.image_id
