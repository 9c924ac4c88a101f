"""What a service does with the events of one topic."""

from collections.abc import Sequence
from typing import Any, Protocol

from shared.contracts import Event


class Handler(Protocol):
    """Both calls may be repeated with the same argument."""

    @property
    def contract(self) -> type[Event]: ...  # noqa: D102

    async def apply(self, events: Sequence[Any], places: Sequence[int]) -> None:
        """Write the rows of `events`; `places` are their offsets."""

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """Note that the record of `key` could not be read, of `version` if it says so: use the fallback.

        `key` None: any key of the partition may be concerned, or all its rows are from a log that is no more.
        """
