"""The privacy matrix: viewer × state × surface, as data, asked of every surface that gives bytes or speaks of them."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

Service = Any

VIEWERS = (None, "stranger", "operator", "owner")
STATES = ("public", "private", "deleted", "unknown")
SEEN = {(viewer, "public") for viewer in VIEWERS} | {("owner", "private")}
"""Who may see what; everything else is refused."""

VARIANTS: dict[str, tuple[str, dict[str, str], int]] = {
    "GET": ("GET", {}, 200),
    "HEAD": ("HEAD", {}, 200),
    "part": ("GET", {"Range": "bytes=0-9"}, 206),
    "last bytes": ("GET", {"Range": "bytes=-5"}, 206),
    "beyond": ("GET", {"Range": "bytes=99999999-"}, 416),
    "WebP": ("GET", {"Accept": "image/webp"}, 200),
    "any tag": ("GET", {"If-None-Match": "*"}, 304),
    "HEAD any tag": ("HEAD", {"If-None-Match": "*"}, 304),
}
BYTES = [f"previews/{{}}?width={width}" for width in (256, 512, 1024)]
BYTES += [f"downloads/{{}}?format={name}" for name in ("jpg", "png", "webp", "avif")]
SURFACES = [(path, variant) for path in BYTES for variant in VARIANTS]
SURFACES += [("previews/{}", "GET"), ("downloads/{}", "GET"), ("downloads/{}/formats", "GET")]


@pytest.fixture(scope="module")
async def images(download: Service) -> dict[str, str]:
    for viewer in VIEWERS[1:]:
        await download.plan(viewer)
    made = {state: await download.image("owner", "private" if state == "private" else "public") for state in STATES[:3]}
    await download.delete("owner", made["deleted"])
    return {**made, "unknown": "img_" + "0" * 32}


@pytest.fixture(scope="module")
def refusals() -> dict[tuple[str, str, str | None], httpx.Response]:
    """What an id that never was is answered, by surface and viewer; asked once."""
    return {}


async def ask(download: Service, path: str, variant: str, image: str, viewer: str | None) -> httpx.Response:
    method, headers, _ = VARIANTS[variant]
    answer = await download.client.request(
        method, f"/v1/{path.format(image)}", headers={**download.as_(viewer), **headers}
    )
    assert isinstance(answer, httpx.Response)
    return answer


def expected(path: str, variant: str, viewer: str | None, state: str) -> int:
    if (viewer, state) not in SEEN:
        return 404
    if viewer is None and path.startswith("downloads") and not path.endswith(("=jpg", "{}", "formats")):
        return 403  # nobody's plan has more than JPG
    if state == "private" and variant.endswith("any tag"):
        return 200  # what is private has no tag
    return VARIANTS[variant][2]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("viewer", VIEWERS)
async def test_viewer_asks_for_an_image_sees_it_or_exactly_what_an_unknown_id_gives(
    download: Service,
    images: dict[str, str],
    refusals: dict[tuple[str, str, str | None], httpx.Response],
    viewer: str | None,
    state: str,
) -> None:
    asked = 0
    for path, variant in SURFACES:
        answer = await ask(download, path, variant, images[state], viewer)
        where = f"{path} {variant}"
        assert answer.status_code == expected(path, variant, viewer, state), f"{where}: {answer.text[:200]}"
        if answer.status_code == 404:
            key = (path, variant, viewer)
            unknown = refusals[key] = refusals.get(key) or await ask(download, path, variant, "img_never_was", viewer)
            assert (answer.content, answer.headers) == (unknown.content, unknown.headers), where
            assert answer.headers["cache-control"] == "private, no-store"
        elif answer.status_code != 403:
            public_bytes = state == "public" and not path.endswith("formats") and answer.status_code != 416
            caching = "private, no-cache" if public_bytes else "private, no-store"
            assert answer.headers["cache-control"] == caching, where
            assert ("etag" in answer.headers) is public_bytes, where
        asked += 1
    assert asked == len(SURFACES) >= 59


@pytest.mark.parametrize("viewer", VIEWERS)
async def test_viewer_archives_all_gets_only_what_they_may_see(
    download: Service, images: dict[str, str], viewer: str | None
) -> None:
    allowed = sum((viewer, state) in SEEN for state in STATES)
    answer = await download.client.post(
        "/v1/archives", json={"image_ids": list(images.values())}, headers=download.as_(viewer)
    )
    assert answer.status_code == 200
    assert len(ZipFile(BytesIO(answer.content)).namelist()) == allowed


async def test_refusals_of_an_archive_can_not_be_told_apart(download: Service, images: dict[str, str]) -> None:
    bodies = set()
    for name in ("private", "deleted", "unknown"):
        answer = await download.client.post(
            "/v1/archives", json={"image_ids": [images[name]]}, headers=download.as_("stranger")
        )
        bodies.add((answer.status_code, answer.content, tuple(answer.headers.items())))
    assert len(bodies) == 1


@pytest.mark.parametrize("odd", ["a%20b", "x" * 65, "%2e%2e", "a%00", "ü"])
async def test_viewer_asks_for_what_can_not_be_an_id_gets_the_same_404(download: Service, odd: str) -> None:
    for viewer in (None, "stranger"):
        answer = await download.get(f"/v1/previews/{odd}", viewer)
        unknown = await download.get("/v1/previews/img_never_was", viewer)
        assert (answer.status_code, answer.content, answer.headers) == (404, unknown.content, unknown.headers)


async def test_every_refusal_of_a_signed_in_viewer_asks_gallery_once(download: Service, images: dict[str, str]) -> None:
    for state in ("private", "deleted", "unknown"):
        before = download.gallery_app.calls
        assert (await download.get(f"/v1/previews/{images[state]}", "stranger")).status_code == 404
        assert download.gallery_app.calls == before + 1, state
        assert (await download.get(f"/v1/previews/{images[state]}")).status_code == 404
        assert download.gallery_app.calls == before + 1, "anonymous: its own view is enough"


async def test_viewer_with_a_forged_token_gets_401_for_all_alike(download: Service, images: dict[str, str]) -> None:
    for state in STATES:
        answer = await download.get(f"/v1/previews/{images[state]}", Authorization="Bearer forged")
        assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


async def test_client_keeps_a_public_copy_until_it_is_private(download: Service) -> None:
    image = await download.image("owner")
    path = f"/v1/previews/{image}?width=256"
    first = await download.get(path)
    tag = first.headers["etag"]
    for same in (tag, f"W/{tag}", f'"other", {tag}'):
        unchanged = await download.get(path, **{"If-None-Match": same})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    assert (await download.get(path, **{"If-None-Match": '"other"'})).content == first.content

    await download.change("owner", image, "private")
    for viewer in (None, "stranger", "operator"):
        gone = await download.get(path, viewer, **{"If-None-Match": tag})
        unknown = await download.get("/v1/previews/img_never_was?width=256", viewer, **{"If-None-Match": tag})
        assert (gone.status_code, gone.content, gone.headers) == (404, unknown.content, unknown.headers)
    own = await download.get(path, "owner", **{"If-None-Match": tag})
    assert (own.status_code, own.headers["cache-control"]) == (200, "private, no-store")
    assert "etag" not in own.headers
    assert own.content == first.content

    await download.change("owner", image, "public")
    assert (await download.get(path, **{"If-None-Match": tag})).status_code == 304
