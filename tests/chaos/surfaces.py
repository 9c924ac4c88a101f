"""Every surface on which a stranger could learn of an image, asked on each replica directly."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.history import Outcome
from tests.chaos.wire import UNANSWERED, Answer

Viewer = Literal["owner", "anonymous", "stranger", "operator"]
# A refusal of somebody who is signed in costs download a call to gallery, too: anonymous ones are most of the probes.
STRANGERS: tuple[Viewer, ...] = ("anonymous", "anonymous", "anonymous", "anonymous", "stranger", "operator")
Judge = Callable[[Answer, str], Outcome]

# 401 is about the token, as where a clock is wrong: nothing was asked of the image yet.
_NOBODY_KNOWS = {UNANSWERED, 401, 429, 500, 502, 503, 504}


def by_status(answer: Answer, _: str) -> Outcome:
    """Judge an answer about one image: whatever isn't the answer to an unknown id tells that there is one."""
    if answer.status in _NOBODY_KNOWS:
        return "unavailable"
    return "refused" if answer.status == 404 else "granted"


def by_list(answer: Answer, image_id: str) -> Outcome:
    """Judge a list: it shows the image or it doesn't."""
    if answer.status != 200:
        return "unavailable"
    return "granted" if image_id.encode() in answer.body else "refused"


def by_archive(answer: Answer, _: str) -> Outcome:
    """Judge an archive of one image: it has a member or it is empty."""
    if answer.status != 200:
        return by_status(answer, _)
    return "granted" if b"image-0001" in answer.body else "refused"


def by_own_list(answer: Answer, image_id: str) -> Outcome:
    """Judge what is the caller's own: somebody else's image is never in it, and anonymous callers get nothing."""
    return "refused" if answer.status == 401 else by_list(answer, image_id)


def by_counts(answer: Answer, _: str) -> Outcome:
    """Judge counts: a stranger without images counts none."""
    if answer.status == 401:
        return "refused"
    if answer.status != 200:
        return "unavailable"
    return "granted" if any(json.loads(answer.body).values()) else "refused"


def by_owner_only(answer: Answer, _: str) -> Outcome:
    """Judge what is the owner's only: 404, and 401 to who isn't signed in."""
    return "refused" if answer.status == 401 else by_status(answer, _)


@dataclass(frozen=True, slots=True)
class Surface:
    """One way to look. `weight`: how often it is taken; `etag`: the surface whose ETag it sends."""

    name: str
    service: str
    path: str
    weight: int = 1
    method: str = "GET"
    judge: Judge = by_status
    headers: Mapping[str, str] = field(default_factory=dict)
    etag_of: str | None = None
    body: Callable[[str], object] | None = None
    viewers: tuple[Viewer, ...] = STRANGERS
    is_owner_only: bool = False
    is_for_owner: bool = False


_JPG = "/v1/downloads/{image}?format=jpg"

SURFACES: tuple[Surface, ...] = (
    Surface("detail", "gallery", "/v1/images/{image}", 24, is_for_owner=True),
    Surface("explore", "gallery", "/v1/explore?limit=200", 3, judge=by_list),
    Surface("history", "gallery", "/v1/images/{image}/history", judge=by_owner_only, is_owner_only=True),
    Surface("creations", "gallery", "/v1/creations?limit=200", judge=by_own_list, is_owner_only=True),
    Surface("counts", "gallery", "/v1/creations/counts", judge=by_counts, is_owner_only=True),
    Surface(
        "patch",
        "gallery",
        "/v1/images/{image}",
        method="PATCH",
        judge=by_owner_only,
        body=lambda _: {"visibility": "public"},
        is_owner_only=True,
    ),
    Surface("preview", "download", "/v1/previews/{image}?width=256", 24, is_for_owner=True),
    Surface("preview-304", "download", "/v1/previews/{image}?width=256", 8, etag_of="preview"),
    Surface("preview-head", "download", "/v1/previews/{image}?width=256", 4, "HEAD"),
    Surface("download-jpg", "download", _JPG, 14, is_for_owner=True),
    Surface("download-304", "download", _JPG, 6, etag_of="download-jpg"),
    Surface("download-head", "download", _JPG, 4, "HEAD"),
    Surface("download-range", "download", _JPG, 6, headers={"Range": "bytes=0-15"}),
    Surface("download-range-beyond", "download", _JPG, 2, headers={"Range": "bytes=99999999-"}),
    Surface("download-png", "download", "/v1/downloads/{image}?format=png", 2, viewers=("stranger",)),
    Surface("download-webp", "download", "/v1/downloads/{image}?format=webp", viewers=("stranger",)),
    Surface("download-avif", "download", "/v1/downloads/{image}?format=avif", viewers=("stranger",)),
    Surface("formats", "download", "/v1/downloads/{image}/formats", 4, is_for_owner=True),
    Surface(
        "archive",
        "download",
        "/v1/archives",
        2,
        "POST",
        by_archive,
        body=lambda image: {"image_ids": [image], "format": "jpg"},
    ),
)
OWNER_ONLY = frozenset(surface.name for surface in SURFACES if surface.is_owner_only)
OWNERS = tuple(surface for surface in SURFACES if surface.is_for_owner)


def plan_png(answer: Answer, _: str) -> Outcome:
    """Judge a format that the plan must hold, of an image that everybody may see."""
    if answer.status in _NOBODY_KNOWS or answer.status == 404:
        return "unavailable"
    return "refused" if answer.status == 403 else "granted"


def plan_formats(answer: Answer, _: str) -> Outcome:
    """Judge the list of formats."""
    if answer.status != 200:
        return "unavailable"
    allowed = {item["format"]: item["allowed"] for item in answer.json()["items"]}
    return "granted" if allowed["png"] else "refused"


PLAN_SURFACES: tuple[Surface, ...] = (
    Surface("plan-png", "download", "/v1/downloads/{image}?format=png", 3, judge=plan_png),
    Surface("plan-head", "download", "/v1/downloads/{image}?format=png", 1, "HEAD", plan_png),
    Surface("plan-formats", "download", "/v1/downloads/{image}/formats", 2, judge=plan_formats),
    Surface(
        "plan-generate",
        "generation",
        "/v1/generations?dry_run=true",
        2,
        "POST",
        plan_png,
        body=lambda _: {"prompt": "a quiet lake", "visibility": "private"},
    ),
)
