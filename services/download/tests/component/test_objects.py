"""Renditions made once and kept; what is deleted is erased; what belongs to nothing is swept up."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from download.conversions import Conversions
from download.decision import Decisions, Grant
from download.erasing import Sweep
from download.imaging import preview
from download.renditions import Renditions
from shared.consistency import Sight, Sights
from shared.contracts import VisibilityChanged
from shared.ids import ImageId, UserId
from shared.objects import MASTERS, RENDITIONS, S3Objects
from shared.read_model import ReadModel
from shared.settings import ObjectStoreSettings
from shared.testing.apps import eventually
from shared.testing.events import visibility_changed
from shared.visibility import Visibility

Service = Any
SMALL = preview(256, webp=False)


class CountingObjects(S3Objects):
    """The object store, counting what is read of masters and written of renditions."""

    def __init__(self, settings: ObjectStoreSettings) -> None:
        super().__init__(settings)
        self.masters_read = 0
        self.renditions_written = 0

    async def get(self, bucket: str, key: str) -> bytes:
        self.masters_read += bucket == MASTERS
        return await super().get(bucket, key)

    async def put(self, bucket: str, key: str, body: bytes, media_type: str) -> None:
        self.renditions_written += bucket == RENDITIONS
        await super().put(bucket, key, body, media_type)


class SightsWithoutLease(Sights[VisibilityChanged]):
    """Rows that nobody vouches for; what is gone is gone all the same."""

    def __init__(self, rows: ReadModel[VisibilityChanged]) -> None:
        self._all = rows

    async def of(self, key: str) -> Sight:
        return Sight(await self._all.row(key), "fallback")


@pytest.fixture
async def counting(download: Service) -> AsyncGenerator[CountingObjects, None]:
    objects = CountingObjects(download.settings)
    yield objects
    await objects.aclose()


@pytest.fixture
async def renditions(download: Service, counting: CountingObjects) -> AsyncGenerator[Renditions, None]:
    """As the application puts them together, over the counting store."""
    conversions = Conversions(2, 64)
    async with httpx.AsyncClient() as http:
        yield Renditions(counting, conversions, Decisions(SightsWithoutLease(download.rows), http, "http://gallery"))
    await conversions.aclose()


async def grant_of(download: Service, image: str) -> Grant:
    row = await download.rows.row(image)
    return Grant(ImageId(image), UserId(row["owner_id"]), Visibility(row["visibility"]), row["master_key"])


async def test_second_request_is_given_what_is_stored_nothing_is_converted(download: Service) -> None:
    image = await download.image("ann")
    first = await download.get(f"/v1/previews/{image}?width=256")
    (key,) = (await download.keys(image))[RENDITIONS]
    assert await download.objects.get(RENDITIONS, key) == first.content
    # What is stored is what is given, so nothing was made anew.
    await download.objects.put(RENDITIONS, key, b"stored before", "image/jpeg")
    assert (await download.get(f"/v1/previews/{image}?width=256")).content == b"stored before"
    assert len((await download.keys(image))[RENDITIONS]) == 1
    await download.get(f"/v1/previews/{image}?width=512")
    assert len((await download.keys(image))[RENDITIONS]) == 2


async def test_many_ask_at_once_one_conversion_is_made(
    download: Service, renditions: Renditions, counting: CountingObjects
) -> None:
    grant = await grant_of(download, await download.image("bea"))
    made = await asyncio.gather(*(renditions.get(grant, SMALL) for _ in range(8)))
    assert len(set(made)) == 1
    assert (counting.masters_read, counting.renditions_written) == (1, 1)
    assert await renditions.get(grant, SMALL) == made[0]
    assert counting.masters_read == 1


async def test_rendition_finished_after_its_image_was_deleted_is_not_kept(
    download: Service, renditions: Renditions, counting: CountingObjects
) -> None:
    image = await download.image("cat")
    grant = await grant_of(download, image)
    master = await download.objects.get(MASTERS, grant.master_key)
    await download.delete("cat", image)

    async def is_erased() -> bool:
        return not (await download.keys(image))[MASTERS]

    await eventually(is_erased)
    # As if it had been read just before: the conversion began while the image was there.
    await download.objects.put(MASTERS, grant.master_key, master, "image/png")
    assert await renditions.get(grant, SMALL)
    assert counting.renditions_written == 1
    assert (await download.keys(image))[RENDITIONS] == []


async def test_owner_deletes_an_image_master_and_renditions_are_erased(download: Service) -> None:
    image, other = await download.image("doc"), await download.image("doc")
    await download.plan("doc")
    for name in (image, other):
        for path in ("previews/{}?width=256", "downloads/{}?format=png"):
            assert (await download.get(f"/v1/{path.format(name)}", "doc")).status_code == 200
    await download.delete("doc", image)
    assert (await download.get(f"/v1/downloads/{image}", "doc")).status_code == 404

    async def is_erased() -> bool:
        return not any((await download.keys(image)).values())

    await eventually(is_erased)
    assert {bucket: len(keys) for bucket, keys in (await download.keys(other)).items()} == {MASTERS: 1, RENDITIONS: 2}


async def test_hiding_an_image_erases_nothing(download: Service) -> None:
    await download.plan("eve")
    image, gone = await download.image("eve"), await download.image("eve")
    await download.get(f"/v1/previews/{image}")
    await download.change("eve", image, "private")
    await download.delete("eve", gone)

    async def is_erased() -> bool:
        return not (await download.keys(gone))[MASTERS]

    await eventually(is_erased)
    assert {bucket: len(keys) for bucket, keys in (await download.keys(image)).items()} == {MASTERS: 1, RENDITIONS: 1}


async def test_sweep_removes_what_belongs_to_no_live_image_once_it_is_old(download: Service) -> None:
    live, deleted, doubted = [await download.image("fay") for _ in range(3)]
    await download.get(f"/v1/previews/{live}")
    await download.delete("fay", deleted)
    await download.rows.quarantine(doubted, "gallery.visibility-changes", 0, 0)

    async def is_erased() -> bool:
        return not any((await download.keys(deleted)).values())

    await eventually(is_erased)
    kept = {
        (bucket, key)
        for image in (live, doubted)
        for bucket, keys in (await download.keys(image)).items()
        for key in keys
    }
    unknown = f"img_{'0' * 32}"
    kept.add((MASTERS, f"{unknown}/aa.png"))
    orphans = {
        (MASTERS, f"{live}/lost-attempt.png"),
        (MASTERS, f"{deleted}/late.png"),
        (RENDITIONS, f"{deleted}/late-v1-preview-256.jpg"),
        (RENDITIONS, f"{unknown}/aa-v1-preview-256.jpg"),
    }
    for bucket, key in orphans | {(MASTERS, f"{unknown}/aa.png")}:
        await download.objects.put(bucket, key, b"x", "image/png")
    sweep = Sweep(download.objects, download.rows, timedelta(hours=6))

    async def there() -> set[tuple[str, str]]:
        names = (live, deleted, doubted, unknown)
        return {(bucket, key) for it in names for bucket, keys in (await download.keys(it)).items() for key in keys}

    await sweep.sweep(datetime.now(UTC) - timedelta(hours=1))
    assert await there() == kept | orphans, "too young"
    assert await sweep.sweep(datetime.now(UTC) + timedelta(minutes=1)) >= len(orphans)
    assert await there() == kept
    assert (await download.get(f"/v1/downloads/{live}")).status_code == 200


async def test_replayed_older_state_of_a_deleted_image_brings_nothing_back(download: Service) -> None:
    image = await download.image("gus")
    await download.delete("gus", image)
    after = await download.image("gus")
    late = visibility_changed("gus", image, "public", version=1)
    place = await download.sender.send(late)

    async def is_passed() -> bool:
        row = await download.database["positions"].find_one({"_id": f"download/{place.topic}/{place.partition}"})
        return bool(row["offset"] > place.offset)

    await eventually(is_passed)
    assert (await download.get(f"/v1/previews/{image}", "gus")).status_code == 404
    assert (await download.get(f"/v1/previews/{after}")).status_code == 200
