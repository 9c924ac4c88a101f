"""Fallback: a row is trusted though the lease has run out, instead of asking gallery."""

from typing import Any

from shared.consistency import Sights
from shared.consistency.sight import Sight
from shared.read_model import is_trusted

FAULTS = ("freeze-download",)


class TrustsStale(Sights[Any]):
    """Asks the owner of the truth about rows in quarantine only."""

    async def of(self, key: str) -> Sight:
        row = await self._rows.row(key)
        return Sight(row, "fresh" if row is None or is_trusted(row) else "fallback")


PARTS = {"download": {"sights": TrustsStale}}
