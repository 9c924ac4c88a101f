"""Quarantine: what can't be read is committed and skipped. Gallery garbles some of what it sends."""

from typing import Any

from tests.chaos.builds import GarblingPublisher

from shared.read_model import ReadModel

FAULTS = ()


class Skips(ReadModel[Any]):
    """Goes on trusting the row of what it couldn't read."""

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        return


PARTS = {"download": {"read_model": Skips}, "gallery": {"publisher": GarblingPublisher}}
