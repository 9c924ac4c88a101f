"""The one rule on who may view an image, as a function and as a store's filter.

An image is granted to a viewer when any of these hold:

- it is public;
- the viewer is its owner and it isn't deleted.

Everything else is refused: other values, missing ones and rows in quarantine too. Operators have no right of
their own. This is the only module that compares a visibility.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal, Protocol

from shared.ids import UserId


class Visibility(StrEnum):
    """What the owner wants; `DELETED` is final."""

    PUBLIC = "public"
    PRIVATE = "private"
    DELETED = "deleted"


Choice = Literal[Visibility.PUBLIC, Visibility.PRIVATE]
"""What a person may choose for an image."""

Filter = dict[str, Any]
_LIVE = [Visibility.PUBLIC.value, Visibility.PRIVATE.value]


class Viewable(Protocol):
    """What the rule needs to know of an image."""

    @property
    def owner_id(self) -> UserId: ...  # noqa: D102

    @property
    def visibility(self) -> Visibility: ...  # noqa: D102


def may_view(image: Viewable, viewer: UserId | None) -> bool:
    """Tell whether `viewer` (None: anonymous) may view `image`."""
    if image.visibility == Visibility.PUBLIC:
        return True
    return viewer is not None and image.visibility == Visibility.PRIVATE and image.owner_id == viewer


def readable_by(viewer: UserId | None) -> list[Filter]:
    """Give `may_view` as filters on documents with `owner_id` and `visibility`: any one that matches grants.

    Clauses instead of one `$or`, since a store may serve `$or` by a scan of everything. The owner's clause takes
    all that is live, so that an image never escapes both while it is being changed.
    """
    public: Filter = {"visibility": Visibility.PUBLIC.value}
    return [public] if viewer is None else [public, owned_by(viewer)]


def owned_by(owner: UserId, visibility: Visibility | None = None) -> Filter:
    """Give the filter for the owner's own live images, of one visibility or (None) of both."""
    wanted = {"$in": _LIVE} if visibility is None else visibility.value
    return {"owner_id": owner, "visibility": wanted}


def live_ones(chosen: Visibility | None) -> list[Visibility]:
    """Give the visibilities that a list shows: the chosen one, or (None) all but deleted."""
    return [Visibility(value) for value in _LIVE] if chosen is None else [chosen]


def is_live(stored: object) -> bool:
    """Tell whether what a store holds as visibility is one under which the owner still has the image."""
    return stored in _LIVE


def is_public(visibility: Visibility) -> bool:
    """Tell whether everybody may view it: what its bytes' cache headers depend on."""
    return visibility == Visibility.PUBLIC


def is_deleted(visibility: Visibility) -> bool:
    """Tell whether the image is gone for everybody, its owner too."""
    return visibility == Visibility.DELETED


def needs_private_right(to: Visibility) -> bool:
    """Tell whether choosing `to` needs the capability of private generation now (PRODUCT rule 3)."""
    return to == Visibility.PRIVATE


def hides(to: Visibility) -> bool:
    """Tell whether a change to `to` takes the image from strangers: such a change always applies in a bulk."""
    return to != Visibility.PUBLIC


def is_already(visibility: Visibility, wanted: Visibility) -> bool:
    """Tell whether a change to `wanted` would change nothing."""
    return visibility == wanted


def parse_row(row: Mapping[str, Any]) -> Visibility | None:
    """Read a stored row's visibility; None when it is missing, strange or in quarantine (refuse, then)."""
    return None if row.get("quarantined") else last_known(row)


def last_known(row: Mapping[str, Any]) -> Visibility | None:
    """Read a row's visibility though the row may be in quarantine: never to grant something to a stranger by it."""
    try:
        return Visibility(row["visibility"])
    except (KeyError, ValueError):
        return None
