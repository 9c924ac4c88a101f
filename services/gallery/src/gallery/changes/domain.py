"""A bulk change: what each of its items may still do. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from gallery.changes.schemas import ChangeCounts, Reason, Result
from gallery.images.domain import Image
from shared.consistency import ChangeState, PlaceView
from shared.consistency.places import PlaceState
from shared.contracts import Cause
from shared.ids import ChangeId, ImageId, UserId
from shared.visibility import Visibility, hides, is_already, is_deleted

UNDO_BY_LAPSED_WITHIN = timedelta(minutes=10)
_SURENESS: list[PlaceState] = ["applied", "lease", "pending"]
SLICE_SIZE = 50
"""Images a slice: a third of a second of work on the embedded store, less than any lease lasts that it holds up."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with one item: nothing (`write` false) or a write, with the result to note."""

    write: bool
    result: Result
    reason: Reason | None = None


CHANGED = Verdict(False, "changed")


class Item(BaseModel):
    """One image of a bulk; `version` is what it had when the bulk was accepted (None: not there)."""

    image_id: ImageId
    version: int | None
    to: Visibility
    from_: Visibility | None = None
    result: Result = "pending"
    reason: Reason | None = None
    new_version: int | None = None

    def after(self, verdict: Verdict, version: int | None) -> "Item":
        """Give the item with its result; `version` is what its image has now."""
        new_version = version if verdict.result == "changed" else None
        return self.model_copy(update={"result": verdict.result, "reason": verdict.reason, "new_version": new_version})


class BulkChange(BaseModel):
    """A bulk change and how far it is."""

    model_config = ConfigDict(populate_by_name=True)

    id: ChangeId = Field(alias="_id")
    owner_id: UserId
    cause: Cause
    visibility: Visibility | None
    created_at: datetime
    slices: int
    slice_size: int = 100
    """Images a slice; what was accepted before it was noted has the default."""
    next_slice: int = 0
    counts: ChangeCounts
    state: ChangeState = "pending"
    places: list[PlaceView] = []
    undo_of: ChangeId | None = None
    undone_by: ChangeId | None = None

    @property
    def is_worked_off(self) -> bool:
        """Every item has its result; the places may still be behind."""
        return self.next_slice >= self.slices


def judge(item: Item, image: Image | None, change: BulkChange) -> Verdict:
    """Decide one item against the image as it is now.

    A bulk never overtakes its owner: a make-public and an undo skip what changed after it was accepted;
    hiding always applies (PRODUCT rule 7).
    """
    if image is not None and image.change_id == change.id:
        return CHANGED  # written by this slice
    if image is None or is_deleted(image.visibility):
        return Verdict(False, "refused", "not_found")
    if is_already(image.visibility, item.to):
        return Verdict(False, "unchanged")
    must_be_as_accepted = change.cause is Cause.UNDO or not hides(item.to)
    if must_be_as_accepted and image.version != item.version:
        return Verdict(False, "refused", "changed_meanwhile")
    return Verdict(True, "changed")


def slowest(earlier: list[PlaceView], later: list[PlaceView]) -> list[PlaceView]:
    """Join the places of two slices: a place is as far as its slower slice."""
    if not earlier or not later:
        return earlier or later
    joined = []
    for one, other in zip(earlier, later, strict=True):
        times = [place.ms for place in (one, other) if place.ms is not None]
        state = max(one.state, other.state, key=_SURENESS.index)
        joined.append(PlaceView(name=one.name, state=state, ms=max(times, default=None)))
    return joined


def without_pending(places: list[PlaceView]) -> list[PlaceView]:
    """Give the places of a change that is everywhere by now: what was pending when it was last looked at has it too."""
    return [it.model_copy(update={"state": "lease"}) if it.state == "pending" else it for it in places]


def may_undo_without_plan(changed_at: datetime, now: datetime) -> bool:
    """Tell whether a lapsed owner may still take back a make-public (PRODUCT rule 3)."""
    return now - changed_at <= UNDO_BY_LAPSED_WITHIN
