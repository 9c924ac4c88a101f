"""Archives as they stream: each file is decided when the stream comes to it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

import pytest
from PIL import Image

Service = Any


async def stream(
    download: Service, viewer: str | None, images: list[str], after_first: Callable[[], Awaitable[None]]
) -> tuple[int, bytes]:
    """Ask for an archive as a slow client does: what comes after the first file waits for `after_first`."""
    body = json.dumps({"image_ids": images}).encode()
    headers = {**download.as_(viewer), "Content-Type": "application/json", "Host": "service"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/archives",
        "raw_path": b"/v1/archives",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    status, received = 0, b""
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if requests:
            return requests.pop()
        return await _never()

    async def send(message: Any) -> None:
        nonlocal status, received
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message.get("body"):
            is_first = not received
            received += message["body"]
            if is_first:
                await after_first()

    await download.app(scope, receive, send)
    return status, received


async def _never() -> Any:
    return await asyncio.Event().wait()


async def test_image_revoked_while_the_archive_streams_is_left_out(download: Service) -> None:
    await download.plan("ann")
    images = [await download.image("ann") for _ in range(4)]

    async def revoke() -> None:
        await download.change("ann", images[1], "private")
        await download.delete("ann", images[2])

    for viewer, names in (
        ("stranger", ["image-0001.jpg", "image-0004.jpg"]),
        (None, ["image-0001.jpg", "image-0004.jpg"]),
    ):
        status, body = await stream(download, viewer, images, revoke if viewer else _nothing)
        assert status == 200
        archive = ZipFile(BytesIO(body))
        assert archive.testzip() is None
        assert archive.namelist() == names
    status, body = await stream(download, "ann", images, _nothing)
    assert ZipFile(BytesIO(body)).namelist() == ["image-0001.jpg", "image-0002.jpg", "image-0004.jpg"]


async def _nothing() -> None:
    return


async def test_archive_that_can_not_be_decided_to_its_end_is_no_whole_archive(download: Service) -> None:
    images = [await download.image("bea") for _ in range(2)]
    await download.rows.quarantine(images[1], "gallery.visibility-changes", 0, 0)
    with download.gallery_app.away():
        status, body = await stream(download, "stranger", images, _nothing)
    assert status == 200
    with pytest.raises(BadZipFile):
        ZipFile(BytesIO(body))


async def test_files_of_an_archive_are_whole_and_tell_nothing(download: Service) -> None:
    image = await download.image("cat", "private")
    _, body = await stream(download, "cat", [image], _nothing)
    archive = ZipFile(BytesIO(body))
    (info,) = archive.infolist()
    assert (info.comment, archive.comment, info.extra) == (b"", b"", b"")
    content = archive.read(info)
    assert Image.open(BytesIO(content)).size == (300, 200)
    assert b"trainedAlgorithmicMedia" in content
    for secret in (b"zanzibar-teapot-4711", b"cat", image.encode()):
        assert secret not in body


async def test_more_archives_than_there_is_room_for_get_503_until_one_ends(download: Service) -> None:
    image = await download.image("doc")
    refused: list[int] = []

    async def fill(left: int) -> None:
        if left == 0:
            answer = await download.client.post("/v1/archives", json={"image_ids": [image]})
            refused.append(answer.status_code)
            assert answer.json()["code"] == "too_many_archives"
            return
        await stream(download, None, [image], lambda: fill(left - 1))

    await fill(download.settings.max_archives)
    assert refused == [503]
    assert (await download.client.post("/v1/archives", json={"image_ids": [image]})).status_code == 200
