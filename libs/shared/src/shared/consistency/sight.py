"""The decision whether a service may answer from its own rows, or must ask the owner of the truth.

- `fresh`: the lease holds and the row isn't in quarantine: it may be used, and a missing one is authoritative.
- `fallback`: the lease has run out, or the row is in quarantine: it grants nothing to anybody but its owner.
"""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from opentelemetry import metrics

from shared.consistency.lease import Lease
from shared.contracts import Event
from shared.mongo import Document
from shared.read_model import ReadModel, is_trusted

E = TypeVar("E", bound=Event)

_sights = metrics.get_meter("shared.consistency").create_counter(
    "lease.sights", description="rows that were looked at, by whether they could be used"
)


@dataclass(frozen=True, slots=True)
class Sight:
    """A row as it was found; `outcome` says whether it may be used."""

    row: Document | None
    outcome: Literal["fresh", "fallback"]

    @property
    def is_fresh(self) -> bool:
        """Tell whether the row, or that there is none, may be relied on."""
        return self.outcome == "fresh"


class Sights(Generic[E]):
    """Looks at the rows of one read model under the lease of its consumer group."""

    def __init__(self, rows: ReadModel[E], lease: Lease) -> None:
        self._rows = rows
        self._lease = lease

    async def of(self, key: str) -> Sight:
        """Look at the row of `key`.

        Raises:
            StoreError: the service's own store can't be asked.
        """
        topic = self._rows.contract.topic
        # Before the row: a row read first could be older than what the lease then vouches for.
        holds = await self._lease.holds(topic, key)
        row = await self._rows.row(key)
        sight = Sight(row, "fresh" if holds and (row is None or is_trusted(row)) else "fallback")
        _sights.add(1, {"topic": topic, "outcome": sight.outcome, "lease": holds})
        return sight
