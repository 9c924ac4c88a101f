"""Default: a row whose visibility isn't known counts as public."""

from typing import Any

from shared.consistency import Sights
from shared.consistency.sight import Sight
from shared.visibility import Visibility, parse_row

FAULTS = ("poison",)


class UnknownIsPublic(Sights[Any]):
    """Shows what it can't judge."""

    async def of(self, key: str) -> Sight:
        sight = await super().of(key)
        if sight.row is not None and "master_key" in sight.row and parse_row(sight.row) is None:
            return Sight({**sight.row, "visibility": Visibility.PUBLIC.value, "quarantined": False}, "fresh")
        return sight


PARTS = {"download": {"sights": UnknownIsPublic}}
