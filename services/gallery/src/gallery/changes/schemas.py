"""Changes as the API takes and shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gallery.images.schemas import OwnImageView
from shared.consistency import ChangeState, PlaceView
from shared.http.moments import RequestMoment
from shared.ids import ChangeId, IdText, ImageId
from shared.visibility import Choice, Visibility

MAX_IMAGES = 10_000
Result = Literal["pending", "changed", "unchanged", "refused"]
Reason = Literal["not_found", "changed_meanwhile"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ImagePatch(_Strict):
    """What a person changes of one image."""

    visibility: Choice


class Selection(_Strict):
    """All matching images of mine; `before` freezes what "matching" means to what the person saw."""

    visibility: Choice | Literal["all"] = "all"
    before: RequestMoment | None = None
    exclude: Annotated[list[IdText], Field(max_length=MAX_IMAGES)] = []


class ChangeRequest(_Strict):
    """A change of many images: named one by one, or selected."""

    image_ids: Annotated[list[IdText], Field(min_length=1, max_length=MAX_IMAGES)] | None = None
    select: Selection | None = None
    visibility: Visibility

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.image_ids is None) == (self.select is None):
            raise ValueError("give either image_ids or select")
        return self


class HasResult(Protocol):
    """An item of a change."""

    @property
    def result(self) -> Result: ...  # noqa: D102


class ItemView(BaseModel):
    """What became of one image; a foreign or unknown id is `not_found`."""

    image_id: ImageId
    result: Result
    reason: Reason | None = None


class ChangeCounts(BaseModel):
    """How many images have which result."""

    total: int
    pending: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0

    def with_results(self, items: Sequence[HasResult]) -> "ChangeCounts":
        """Give the counts after `items`, which were pending, have their results."""
        counts = {name: getattr(self, name) for name in ("changed", "unchanged", "refused")}
        for item in items:
            if item.result != "pending":
                counts[item.result] += 1
        return ChangeCounts(total=self.total, pending=self.total - sum(counts.values()), **counts)


class SingleChangeView(BaseModel):
    """A change of one image and where it has arrived."""

    id: ChangeId
    state: ChangeState
    places: list[PlaceView]


class ChangeView(SingleChangeView):
    """A change with its items, a page at a time."""

    visibility: Visibility | None
    counts: ChangeCounts
    items: list[ItemView]
    next_cursor: str | None
    created_at: datetime
    undo_of: ChangeId | None = None
    undone_by: ChangeId | None = None


class ChangedImageView(BaseModel):
    """The answer to a change of one image."""

    image: OwnImageView
    change: SingleChangeView


class DeletedImageView(BaseModel):
    """The answer to deleting an image."""

    change: SingleChangeView
