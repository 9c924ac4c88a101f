"""Where a change must have arrived, and how far it is: what "removed from N of N places" counts."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

PlaceState = Literal["applied", "lease", "pending"]
ChangeState = Literal["enforced", "pending"]


class PlaceView(BaseModel):
    """One place of a change; `ms` from the change to its being applied there.

    `lease`: it hasn't said that it applied the change, but every replica has meanwhile ceased to trust a view from
    before it, and asks the owner of the truth.
    """

    name: str
    state: PlaceState
    ms: float | None


@dataclass(frozen=True, slots=True)
class Enforcer:
    """A consumer group that must have a change before it counts as enforced.

    `leased` groups keep `shared.consistency.lease`; others count only by their commit.
    """

    group: str
    leased: bool = True


def parse_enforcers(text: str) -> tuple[Enforcer, ...]:
    """Read a setting such as `download,reports:commit_only`.

    Raises:
        ValueError: something else than `commit_only` after the colon.
    """
    enforcers = []
    for part in filter(None, (it.strip() for it in text.split(","))):
        group, _, mode = part.partition(":")
        if mode not in {"", "leased", "commit_only"}:
            raise ValueError(f"{part}: write GROUP, GROUP:leased or GROUP:commit_only")
        enforcers.append(Enforcer(group, leased=mode != "commit_only"))
    return tuple(enforcers)


def state_of(places: list[PlaceView]) -> ChangeState:
    """A change is enforced once no place is pending."""
    return "pending" if any(place.state == "pending" for place in places) else "enforced"
