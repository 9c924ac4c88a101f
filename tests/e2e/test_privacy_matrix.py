"""The privacy matrix (`privacy_matrix.toml`), run against every surface, and what lists, counts and archives show."""

import io
import re
import tomllib
import zipfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.api_client import Person

Somebody = Callable[..., Awaitable[Person]]

MATRIX = tomllib.loads((Path(__file__).parent / "privacy_matrix.toml").read_text())
SURFACES = MATRIX["surface"]
VIEWERS = list(MATRIX["answers"])
STATES = ["public", "private", "deleted", "unknown"]


@dataclass
class Scene:
    """One image in each state, and one of each viewer."""

    images: dict[str, str]
    viewers: dict[str, Person]

    async def ask(self, surface: dict[str, Any], viewer: str, image_id: str, **fields: str) -> httpx.Response:
        path = surface["path"].format(id=image_id, **fields)
        options = {"json": surface["body"]} if "body" in surface else {}
        return await self.viewers[viewer].ask(
            surface["method"], path, headers=dict(surface.get("headers", {})), **options
        )


@pytest.fixture(scope="module")
async def scene(somebody: Somebody, stranger: Person, operator: Person, anonymous: Person) -> Scene:
    ann = await somebody("plus")
    public, deleted = await ann.generate(count=2)
    (private,) = await ann.generate(visibility="private")
    assert (await ann.ask("DELETE", f"/v1/images/{deleted}")).status_code == 200
    return Scene(
        {"public": public, "private": private, "deleted": deleted, "unknown": "img_" + "0" * 32},
        {"owner": ann, "stranger": stranger, "operator": operator, "anonymous": anonymous},
    )


def expected(surface: dict[str, Any], viewer: str, state: str) -> str:
    """Read the table."""
    if surface.get("owners_only") and viewer != "owner":
        return str(MATRIX["owners_only"]["answers"][viewer])
    return str(MATRIX["answers"][viewer][state])


@pytest.mark.parametrize("viewer", VIEWERS)
@pytest.mark.parametrize("surface", SURFACES, ids=lambda it: it["name"])
async def test_viewer_gets_what_the_table_says(scene: Scene, surface: dict[str, Any], viewer: str) -> None:
    for width in surface.get("width", [""]):
        nothing = await scene.ask(surface, viewer, scene.images["unknown"], width=width)
        for state in STATES:
            want = expected(surface, viewer, state)
            if want == "seen" and surface.get("changes"):
                continue  # the owner's changes have tests of their own
            answer = await scene.ask(surface, viewer, scene.images[state], width=width)
            if want == "seen":
                assert answer.status_code in {200, 206, 304}, (state, answer.text)
            elif want == "sign_in":
                assert answer.status_code == 401
            else:
                assert answer.status_code == nothing.status_code == 404
                assert answer.content == nothing.content
                assert _comparable(answer) == _comparable(nothing)


async def test_lists_counts_and_archives_show_no_trace_of_a_private_image(scene: Scene) -> None:
    private = scene.images["private"]
    for viewer in ("anonymous", "stranger", "operator"):
        person = scene.viewers[viewer]
        for path in ("/v1/explore?limit=200", "/v1/creations?limit=200", "/v1/generations?limit=200"):
            assert private not in (await person.get(path)).text
        archive = await person.ask("POST", "/v1/archives", json={"image_ids": [private, scene.images["unknown"]]})
        assert zipfile.ZipFile(io.BytesIO(archive.content)).namelist() == []
        only_unknown = await person.ask("POST", "/v1/archives", json={"image_ids": [scene.images["unknown"]] * 2})
        assert archive.content == only_unknown.content
        assert _comparable(archive) == _comparable(only_unknown)


async def test_bytes_and_data_of_a_private_image_are_never_stored(scene: Scene) -> None:
    owner = scene.viewers["owner"]
    for surface in SURFACES:
        if surface.get("changes"):
            continue
        for width in surface.get("width", [""]):
            answer = await scene.ask(surface, "owner", scene.images["private"], width=width)
            assert answer.headers["cache-control"] == "private, no-store", surface["name"]
            assert "etag" not in answer.headers
    public = await owner.get(f"/v1/previews/{scene.images['public']}")
    assert public.headers["cache-control"] == "private, no-cache"
    again = await owner.get(f"/v1/previews/{scene.images['public']}", headers={"If-None-Match": public.headers["etag"]})
    assert again.status_code == 304


async def test_what_was_cached_while_public_is_refused_once_private(somebody: Somebody, stranger: Person) -> None:
    ann = await somebody("plus")
    (image,) = await ann.generate()
    seen = await stranger.get(f"/v1/previews/{image}")
    assert (await ann.make(image, "private")).status_code == 200
    again = await stranger.get(f"/v1/previews/{image}", headers={"If-None-Match": seen.headers["etag"]})
    part = await stranger.get(f"/v1/previews/{image}", headers={"Range": "bytes=0-1"})
    assert again.status_code == part.status_code == 404


async def test_generation_is_its_owners_only(scene: Scene) -> None:
    owner = scene.viewers["owner"]
    generation = (await owner.get("/v1/generations")).json()["items"][0]["generation_id"]
    for viewer in ("stranger", "operator", "anonymous"):
        for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
            answer = await scene.viewers[viewer].ask(method, f"/v1/generations/{generation}{path}")
            unknown = await scene.viewers[viewer].ask(method, f"/v1/generations/gen_unknown{path}")
            assert answer.status_code == unknown.status_code == (401 if viewer == "anonymous" else 404)
            assert answer.content == unknown.content


def _comparable(answer: httpx.Response) -> dict[str, str]:
    """Give the headers without the clock's."""
    return {name: value for name, value in answer.headers.items() if not re.fullmatch("date", name)}
