"""Following up: what is everywhere is noted as that, whatever else is held up."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from shared.bus.broker import Place
from shared.consistency import Barrier, Enforcement, PlaceView
from shared.mongo import Document
from shared.publication import Publisher
from shared.topics import VISIBILITY_CHANGES

OLD = datetime(2026, 1, 1, tzinfo=UTC)


def sent(key: str) -> Document:
    published = {"version": 2, "partition": VISIBILITY_CHANGES.partition_of(key), "offset": 7}
    return {"_id": key, "version": 2, "unpublished": False, "published": published, "changed_at": OLD}


class Truths:
    """Two changes, in two partitions."""

    def __init__(self, *keys: str) -> None:
        self.open = [sent(key) for key in keys]
        self.enforced: set[str] = set()

    async def unenforced(self, before: datetime, limit: int) -> list[Document]:
        return [it for it in self.open if it["changed_at"] <= before][:limit]

    async def mark(
        self, sent: Sequence[tuple[Document, Place | None]], places: list[PlaceView], *, enforced: bool
    ) -> None:
        if enforced:
            self.enforced |= {document["_id"] for document, _ in sent}


class HeldUp:
    """A barrier whose enforcer doesn't get beyond one partition."""

    def __init__(self, partition: int) -> None:
        self._partition = partition

    async def wait(self, places: Sequence[Place], began: float, timeout_s: float) -> list[PlaceView]:
        behind = any(place.partition == self._partition for place in places)
        return [PlaceView(name="download", state="pending" if behind else "applied", ms=None)]


async def test_partition_that_is_held_up_keeps_no_other_from_being_enforced() -> None:
    keys = [f"img_{number}" for number in range(40)]
    stuck = VISIBILITY_CHANGES.partition_of(keys[0])
    truths = Truths(*keys)
    enforcement = Enforcement(
        "gallery",
        VISIBILITY_CHANGES.name,
        truths,
        cast("Publisher", SimpleNamespace()),
        cast("Barrier", HeldUp(stuck)),
        timeout_s=1.0,
    )
    await enforcement.follow(timedelta(0))
    expected: set[Any] = {key for key in keys if VISIBILITY_CHANGES.partition_of(key) != stuck}
    assert expected
    assert truths.enforced == expected
