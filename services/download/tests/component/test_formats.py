"""Formats by plan at the time of download, and what the files hold."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from shared.testing.events import FREE
from shared.topics import PLAN_CHANGES

Service = Any
MARKER = b"zanzibar-teapot-4711"
PILLOW_NAMES = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF"}


async def statuses(download: Service, image: str, viewer: str | None) -> dict[str, int]:
    return {
        name: (await download.get(f"/v1/downloads/{image}?format={name}", viewer)).status_code for name in PILLOW_NAMES
    }


@pytest.mark.parametrize("name", PILLOW_NAMES)
async def test_plus_owner_downloads_every_format_with_the_provenance_and_nothing_else(
    download: Service, name: str
) -> None:
    await download.plan("fmt")
    image = await download.image("fmt", "private")
    answer = await download.get(f"/v1/downloads/{image}?format={name}", "fmt")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="image.{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    picture = Image.open(BytesIO(answer.content))
    assert (picture.format, picture.size) == (PILLOW_NAMES[name], (300, 200))
    assert answer.headers["content-type"] == Image.MIME[PILLOW_NAMES[name]]
    assert b"trainedAlgorithmicMedia" in answer.content
    for secret in (MARKER, b"fmt", image.encode()):
        assert secret not in answer.content
    assert MARKER in await download.objects.get("masters", (await download.keys(image))["masters"][0])


@pytest.mark.parametrize(
    ("width", "accept", "kind"),
    [
        (256, "image/webp", "WEBP"),
        (256, "image/avif, image/WebP;q=0.5, */*;q=0.1", "WEBP"),
        (256, "image/webp;q=0", "JPEG"),
        (256, "image/webp; q=0.000", "JPEG"),
        (256, "image/*", "JPEG"),
        (256, "", "JPEG"),
        (1024, "image/webp", "JPEG"),
    ],
)
async def test_viewer_gets_a_small_preview_in_what_they_accept(
    download: Service, width: int, accept: str, kind: str
) -> None:
    image = await download.image("prev")
    answer = await download.get(f"/v1/previews/{image}?width={width}", Accept=accept)
    picture = Image.open(BytesIO(answer.content))
    assert (picture.format, picture.width) == (kind, min(width, 300))
    assert answer.headers["vary"] == "Accept"
    assert b"trainedAlgorithmicMedia" in answer.content
    assert MARKER not in answer.content


@pytest.mark.parametrize("query", ["previews/{}?width=300", "previews/{}?width=x", "downloads/{}?format=gif"])
async def test_viewer_asks_for_a_size_or_format_that_there_is_not_gets_422_whatever_the_image(
    download: Service, query: str
) -> None:
    image = await download.image("sizes")
    answers = [await download.get(f"/v1/{query.format(name)}") for name in (image, "img_never_was")]
    assert {it.status_code for it in answers} == {422}
    assert answers[0].content == answers[1].content


async def test_lapsed_owner_downloads_jpg_only_and_everything_again_after_resubscribing(download: Service) -> None:
    await download.plan("lapse")
    image = await download.image("lapse", "private")
    assert set((await statuses(download, image, "lapse")).values()) == {200}
    await download.plan("lapse", capabilities=FREE, state="ended")
    assert await statuses(download, image, "lapse") == {"jpg": 200, "png": 403, "webp": 403, "avif": 403}
    refused = (await download.get(f"/v1/downloads/{image}?format=png", "lapse")).json()
    assert (refused["code"], refused["allowed_formats"]) == ("format_not_in_plan", ["jpg"])
    assert refused["required_plan"] == "plus"
    formats = (await download.get(f"/v1/downloads/{image}/formats", "lapse")).json()["items"]
    assert {it["format"]: (it["allowed"], it["why"]) for it in formats} == {
        "jpg": (True, "in_plan"),
        **dict.fromkeys(("png", "webp", "avif"), (False, "format_not_in_plan")),
    }
    archive = await download.client.post(
        "/v1/archives", json={"image_ids": [image], "format": "png"}, headers=download.as_("lapse")
    )
    assert (archive.status_code, archive.json()["code"]) == (403, "format_not_in_plan")
    await download.plan("lapse")
    assert set((await statuses(download, image, "lapse")).values()) == {200}


async def test_owner_whose_plan_ends_by_schedule_is_held_to_it_without_another_event(download: Service) -> None:
    past = {"at": "2020-01-01T00:00:00Z", "plan": "free", "state": "ended", "capabilities": FREE}
    await download.plan("sched", state="cancelling", scheduled=past)
    image = await download.image("sched", "private")
    assert (await statuses(download, image, "sched"))["png"] == 403


async def test_viewers_own_plan_counts_not_the_owners(download: Service) -> None:
    await download.plan("rich")
    await download.plan("poor", capabilities=FREE)
    theirs, ours = await download.image("rich"), await download.image("poor")
    assert (await statuses(download, theirs, "poor"))["png"] == 403
    assert (await statuses(download, ours, "rich"))["png"] == 200
    assert await statuses(download, theirs, None) == {"jpg": 200, "png": 403, "webp": 403, "avif": 403}


async def test_owner_of_unknown_plan_downloads_jpg_and_is_told_to_wait_for_the_others(download: Service) -> None:
    image = await download.image("unknown", "private")
    assert await statuses(download, image, "unknown") == {"jpg": 200, "png": 503, "webp": 503, "avif": 503}
    answer = await download.get(f"/v1/downloads/{image}?format=png", "unknown")
    assert answer.json()["code"] == "entitlement_unknown"
    assert "retry-after" in answer.headers
    assert (await download.get(f"/v1/downloads/{image}/formats", "unknown")).status_code == 503
    assert (await download.get(f"/v1/previews/{image}", "unknown")).status_code == 200
    await download.plan("doubt")
    doubted = await download.image("doubt", "private")
    partition = PLAN_CHANGES.partition_of("doubt")
    await download.sender.send_raw(PLAN_CHANGES.name, partition, b"doubt", b"{", {})
    same = next(f"next-{n}" for n in range(99) if PLAN_CHANGES.partition_of(f"next-{n}") == partition)
    await download.plan(same)
    assert (await statuses(download, doubted, "doubt"))["png"] == 503


async def test_owner_archives_in_the_format_of_their_plan(download: Service) -> None:
    await download.plan("zip")
    images = [await download.image("zip", "private") for _ in range(2)]
    answer = await download.client.post(
        "/v1/archives", json={"image_ids": [*images, images[0]], "format": "webp"}, headers=download.as_("zip")
    )
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="images.zip"'
    archive = ZipFile(BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["image-0001.webp", "image-0002.webp"]
    for name in archive.namelist():
        assert Image.open(BytesIO(archive.read(name))).format == "WEBP"


BAD_ARCHIVES: dict[str, dict[str, Any]] = {
    "none": {"image_ids": []},
    "too many": {"image_ids": ["img"] * 501},
    "no id": {"image_ids": ["../../etc"]},
    "an operator for an id": {"image_ids": [{"$ne": 1}]},
    "unknown format": {"image_ids": ["img_1"], "format": "gif"},
    "unknown field": {"image_ids": ["img_1"], "name": "x"},
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
async def test_viewer_asks_for_an_archive_that_can_not_be_gets_422(download: Service, case: str) -> None:
    answer = await download.client.post("/v1/archives", json=BAD_ARCHIVES[case])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_viewer_of_a_master_that_is_gone_or_broken_gets_503(download: Service) -> None:
    broken = await download.image("broken", master=b"not a picture")
    assert (await download.get(f"/v1/previews/{broken}")).json()["code"] == "master_unreadable"
    gone = await download.image("broken")
    await download.objects.delete("masters", (await download.keys(gone))["masters"][0])
    answer = await download.get(f"/v1/downloads/{gone}")
    assert (answer.status_code, answer.json()["code"]) == (503, "master_missing")
    assert (await download.keys(gone))["renditions"] == []
