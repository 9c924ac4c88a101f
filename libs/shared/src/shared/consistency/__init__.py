"""The revocation guarantee's parts that services share: places, barrier and enforcement."""

from shared.consistency.barrier import Barrier
from shared.consistency.enforcement import Enforcement, is_sent
from shared.consistency.places import ChangeState, Enforcer, PlaceView, parse_enforcers, state_of

__all__ = ["Barrier", "ChangeState", "Enforcement", "Enforcer", "PlaceView", "is_sent", "parse_enforcers", "state_of"]
