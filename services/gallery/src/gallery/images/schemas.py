"""Images as the API shows them."""

from datetime import datetime

from pydantic import BaseModel

from gallery.images.domain import HistoryEntry, Image
from shared.ids import GenerationId, ImageId, UserId
from shared.visibility import Visibility


class ImageView(BaseModel):
    """An image as anybody who may see it sees it."""

    id: ImageId
    owner_id: UserId
    visibility: Visibility
    created_at: datetime
    width: int
    height: int

    @classmethod
    def of(cls, image: Image) -> "ImageView":
        """Show `image`."""
        return cls.model_validate(image.model_dump(include=set(cls.model_fields)))


class OwnImageView(ImageView):
    """An image as its owner sees it."""

    version: int
    generation_id: GenerationId

    @classmethod
    def of_owner(cls, image: Image) -> "OwnImageView":
        """Show `image` to its owner."""
        return cls.model_validate(image.model_dump(include=set(cls.model_fields)))


def view_of(image: Image, viewer: UserId | None) -> ImageView:
    """Show `image` to `viewer`, who may see it."""
    return OwnImageView.of_owner(image) if viewer == image.owner_id else ImageView.of(image)


class ImagePage(BaseModel):
    """A page of a list; `next_cursor` is null at the end."""

    items: list[OwnImageView | ImageView]
    next_cursor: str | None


class CountsView(BaseModel):
    """How many live images somebody has, exact."""

    all: int
    public: int
    private: int


class HistoryPage(BaseModel):
    """An image's changes of visibility, newest first."""

    items: list[HistoryEntry]
    next_cursor: str | None
