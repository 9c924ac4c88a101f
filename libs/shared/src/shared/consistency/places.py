"""Where a change must have arrived, and how far it is: what "removed from N of N places" counts."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

PlaceState = Literal["applied", "pending"]
ChangeState = Literal["enforced", "pending"]


class PlaceView(BaseModel):
    """One place of a change; `ms` from the change to its being applied there."""

    name: str
    state: PlaceState
    ms: float | None


@dataclass(frozen=True, slots=True)
class Enforcer:
    """A consumer group that must have committed beyond a change before it counts as enforced."""

    group: str


def parse_enforcers(text: str) -> tuple[Enforcer, ...]:
    """Read a setting such as `download,reports`."""
    return tuple(Enforcer(name.strip()) for name in text.split(",") if name.strip())


def state_of(places: list[PlaceView]) -> ChangeState:
    """A change is enforced once every place has applied it."""
    return "enforced" if all(place.state == "applied" for place in places) else "pending"
