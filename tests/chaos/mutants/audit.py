"""Audit: nobody reads the log back, so a record that came too late stays the last one, and compaction keeps it."""

from collections.abc import Sequence
from typing import Any

from shared.publication import Audit

FAULTS = ("compact-and-rebuild",)


class LooksAway(Audit[Any]):
    """Reads and mends nothing."""

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        return


PARTS = {"gallery": {"audit": LooksAway}}
