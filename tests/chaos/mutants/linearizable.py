"""Linearizable read: a local read, from a second source that lags behind."""

import time
from typing import Any

from shared.mongo import Document
from shared.read_model import ReadModel

FAULTS = ()
_LAGS_S = 1.0


class ReadsACopy(ReadModel[Any]):
    """Reads what a copy of the store held up to a second ago."""

    _copies: dict[str, tuple[float, Document | None]] = {}  # noqa: RUF012 - one in a process

    async def row(self, key: str) -> Document | None:
        at, row = self._copies.get(key, (0.0, None))
        if time.monotonic() - at > _LAGS_S:
            row = await super().row(key)
            self._copies[key] = (time.monotonic(), row)
        return row


PARTS = {"download": {"read_model": ReadsACopy}}
