"""The revocation guarantee's parts that services share: places, barrier, lease, decision and enforcement."""

from shared.consistency.barrier import Barrier
from shared.consistency.enforcement import UNENFORCED, Enforcement, Sent, is_sent
from shared.consistency.lease import Lease, clock
from shared.consistency.places import ChangeState, Enforcer, PlaceView, parse_enforcers, state_of
from shared.consistency.sight import Sight, Sights

__all__ = [
    "UNENFORCED",
    "Barrier",
    "ChangeState",
    "Enforcement",
    "Enforcer",
    "Lease",
    "PlaceView",
    "Sent",
    "Sight",
    "Sights",
    "clock",
    "is_sent",
    "parse_enforcers",
    "state_of",
]
