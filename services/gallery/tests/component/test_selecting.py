"""All of an owner's images are selected wherever in time they lie, by statements none of which names very many."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gallery.images.repository import ImageRepository
from shared.mongo import Document
from shared.visibility import Visibility

Bulks = Any
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LARGEST = 650


def ages(count: int, every: timedelta, youngest: timedelta = timedelta(seconds=1)) -> list[timedelta]:
    """Give the ages of images made at a steady pace."""
    return [youngest + number * every for number in range(count)]


async def insert(bulks: Bulks, ages: list[timedelta], visibility: str = "public") -> set[str]:
    made = [
        {
            "_id": f"img_{visibility}_{n}",
            "owner_id": "ann",
            "visibility": visibility,
            "version": n,
            "created_at": NOW - age,
        }
        for n, age in enumerate(ages)
    ]
    await bulks.images.create_indexes()
    if made:
        await bulks.writer.collection.insert_many(made)
    return {str(it["_id"]) for it in made}


class Counted(ImageRepository):
    """Remembers what it has asked for."""

    def __init__(self, bulks: Bulks) -> None:
        super().__init__(bulks.database)
        self.asked: list[Document] = []
        real, asked = self.collection, self.asked

        class Asked:
            def find(self, wanted: Document, *arguments: Any, **more: Any) -> Any:
                asked.append(wanted)
                return real.find(wanted, *arguments, **more)

        vars(self)["collection"] = Asked()


@pytest.mark.parametrize(
    "made",
    [
        ages(2_000, timedelta(seconds=20), timedelta(seconds=20)),  # some on the very borders of windows
        ages(600, timedelta(milliseconds=1)) + ages(600, timedelta(milliseconds=1), timedelta(days=3_000)),
        ages(4, timedelta(days=6_000)),
        [],
    ],
    ids=["steady", "two heaps", "years apart", "none"],
)
async def test_every_image_is_selected(bulks: Bulks, made: list[timedelta]) -> None:
    wanted = await insert(bulks, made)
    images = Counted(bulks)

    found = await images.versions_of(bulks.owner, None, NOW, 10_000)

    assert set(found) == wanted
    named = [await bulks.writer.collection.count_documents(it) for it in images.asked]
    assert max(named) <= LARGEST
    assert len(named) <= 100


async def test_many_of_one_moment_are_selected(bulks: Bulks) -> None:
    wanted = await insert(bulks, [timedelta(seconds=1)] * 300)
    assert set(await bulks.images.versions_of(bulks.owner, None, NOW, 10_000)) == wanted


async def test_only_what_was_made_before_and_no_more_than_asked_for(bulks: Bulks) -> None:
    await insert(bulks, ages(50, timedelta(hours=1)))
    private = await insert(bulks, ages(50, timedelta(hours=1)), "private")
    half = NOW - timedelta(hours=25)

    assert len(await bulks.images.versions_of(bulks.owner, None, half, 10_000)) == 50
    assert len(await bulks.images.versions_of(bulks.owner, None, NOW, 70)) == 70
    assert set(await bulks.images.versions_of(bulks.owner, Visibility.PRIVATE, NOW, 10_000)) == private
