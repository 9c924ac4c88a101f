"""The parts that together keep the guarantee.

A service takes them as one value, so that a test can put a broken one in the place of each and see that it shows.
"""

from dataclasses import dataclass
from typing import Any, Final

from shared.bus.consumer import GroupConsumer
from shared.bus.positions import Positions
from shared.consistency import Barrier, Enforcement, Lease, Sights
from shared.publication import Audit, Publisher
from shared.read_model import ReadModel


@dataclass(frozen=True, slots=True)
class Guards:
    """The classes that a service is built of."""

    barrier: type[Barrier] = Barrier
    lease: type[Lease] = Lease
    sights: type[Sights[Any]] = Sights
    read_model: type[ReadModel[Any]] = ReadModel
    positions: type[Positions] = Positions
    consumer: type[GroupConsumer] = GroupConsumer
    enforcement: type[Enforcement] = Enforcement
    publisher: type[Publisher] = Publisher
    audit: type[Audit[Any]] = Audit


GUARDS: Final = Guards()
"""The ones that hold."""
