"""What a stranger must not tell apart: things of somebody else's that are private, deleted, or never were."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.e2e.api_client import Person, eventually

from bench.measuring import Say
from bench.system import System

EACH = 4
KINDS = ("private", "deleted", "unknown")

Ids = Mapping[str, Sequence[str]]
"""Kind → ids of that kind."""


@dataclass(frozen=True, slots=True)
class Surface:
    """One route as one viewer asks for it; `path` has a place for the id."""

    name: str
    viewer: Person
    path: str
    ids: Ids


async def surfaces(system: System, say: Say) -> list[Surface]:
    """Make `EACH` generations of one image that stay, as many whose image is deleted, and name the routes."""
    ann = await system.somebody("plus")
    say(f"generating {2 * EACH} private images, of which {EACH} are then deleted")
    submitted = [(await ann.submit("a quiet lake", visibility="private", count=1)).json() for _ in range(2 * EACH)]
    generations = [str(it["generation_id"]) for it in submitted]
    images = [(await ann.finished(it))["image_ids"][0] for it in generations]
    await _in_gallery(ann, images)
    for image in images[EACH:]:
        (await ann.ask("DELETE", f"/v1/images/{image}")).raise_for_status()
    image_ids = _ids("img", images)
    stranger, anonymous = await system.somebody("plus"), system.anonymous
    routes = {
        "image": "/v1/images/{}",
        "preview": "/v1/previews/{}?width=256",
        "formats": "/v1/downloads/{}/formats",
    }
    return [
        *(
            Surface(f"{route}, {who}", viewer, path, image_ids)
            for who, viewer in (("anonymous", anonymous), ("signed in", stranger))
            for route, path in routes.items()
        ),
        Surface("generation, signed in", stranger, "/v1/generations/{}", _ids("gen", generations)),
    ]


async def _in_gallery(owner: Person, images: Sequence[str]) -> None:
    async def all_there() -> bool:
        return set(images) <= set(await owner.creations())

    await eventually(all_there)


def _ids(prefix: str, made: Sequence[str]) -> Ids:
    unknown = [f"{prefix}_{secrets.token_hex(16)}" for _ in range(EACH)]
    return {"private": made[:EACH], "deleted": made[EACH:], "unknown": unknown}
