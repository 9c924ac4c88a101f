"""The revocation guarantee's parts that services share: places and barrier."""

from shared.consistency.barrier import Barrier
from shared.consistency.places import ChangeState, Enforcer, PlaceView, parse_enforcers, state_of

__all__ = ["Barrier", "ChangeState", "Enforcer", "PlaceView", "parse_enforcers", "state_of"]
