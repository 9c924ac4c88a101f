"""Erases the objects of deleted images, in a group of its own: a lost object store never delays a revocation."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from download.renditions import prefix_of
from shared.contracts import VisibilityChanged
from shared.ids import ImageId
from shared.mongo import StoreError
from shared.objects import MASTERS, RENDITIONS, Objects, ObjectStoreError
from shared.read_model import ReadModel
from shared.visibility import is_deleted, parse_row

log = logging.getLogger(__name__)

_YOUNG = timedelta(hours=1)
_RESULT_WITHIN = timedelta(days=8)
"""Results are kept for seven days: a master that has no row after that was of a cancelled or failed generation."""


class OnVisibilityChanged:
    """Removes master and renditions of what was deleted."""

    contract = VisibilityChanged

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def apply(self, events: Sequence[VisibilityChanged], places: Sequence[int]) -> None:
        """Erase the deleted ones; a failure holds this group's partition up, and no other."""
        for event in events:
            if is_deleted(event.visibility):
                # By prefix: masters of attempts that lost lie there too.
                for bucket in (RENDITIONS, MASTERS):
                    for key in await self._objects.keys(bucket, prefix_of(event.image_id)):
                        await self._objects.delete(bucket, key)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """What can't be read erases nothing; the sweep finds it later."""


class Sweep:
    """Looks for objects without a live image: masters of attempts that lost, renditions finished too late."""

    def __init__(self, objects: Objects, rows: ReadModel[VisibilityChanged], every: timedelta) -> None:
        self._objects = objects
        self._rows = rows
        self._every = every

    async def sweep_forever(self) -> None:
        """Sweep now and then until cancelled."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            try:
                await self.sweep(datetime.now(UTC) - _YOUNG)
            except (StoreError, *ObjectStoreError) as error:
                log.warning("sweep failed", extra={"error": type(error).__name__})

    async def sweep(self, older_than: datetime) -> int:
        """Remove what belongs to no live image and is older than a moment; give how many."""
        removed = 0
        abandoned = set(await self._objects.keys(MASTERS, "", older_than - _RESULT_WITHIN))
        for bucket in (MASTERS, RENDITIONS):
            for key in await self._objects.keys(bucket, "", older_than):
                if not await self._is_needed(bucket, key, abandoned):
                    await self._objects.delete(bucket, key)
                    removed += 1
        return removed

    async def _is_needed(self, bucket: str, key: str, abandoned: set[str]) -> bool:
        row = await self._rows.row(ImageId(key.partition("/")[0]))
        if row is None:
            # Not known here (yet): its result may still come, for as long as its topic keeps one.
            return bucket == MASTERS and key not in abandoned
        visibility = parse_row(row)
        if visibility is None:
            return True
        if is_deleted(visibility):
            return False
        return bucket == RENDITIONS or key == row["master_key"]
