"""Histories of any length: an image's document keeps the newest entries, and its owner reads all of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gallery.images.domain import single_change_id
from gallery.images.writer import HISTORY_KEPT_IN_IMAGE
from shared.ids import ImageId
from shared.testing.apps import eventually

Gallery = Any
Change = Callable[[Gallery, str], Awaitable[None]]


async def _alone(gallery: Gallery, image: str) -> None:
    answer = await gallery.client.patch(
        f"/v1/images/{image}", json={"visibility": "private"}, headers=gallery.as_("ann")
    )
    assert answer.status_code == 200, answer.text


async def _in_a_bulk(gallery: Gallery, image: str) -> None:
    body = {"visibility": "private", "image_ids": [image]}
    answer = await gallery.client.post("/v1/changes", json=body, headers=gallery.as_("ann"))
    path = f"/v1/changes/{answer.json()['id']}"

    async def is_enforced() -> bool:
        return bool((await gallery.client.get(path, headers=gallery.as_("ann"))).json()["state"] == "enforced")

    await eventually(is_enforced)


async def _give_it_a_past(gallery: Gallery, image: str) -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    past: list[dict[str, Any]] = [
        {
            "version": version,
            "change_id": single_change_id(ImageId(image), version),
            "at": at + timedelta(seconds=version),
            "by": "ann",
            "from": "private" if version % 2 else "public",
            "to": "public" if version % 2 else "private",
            "why": "owner",
            "enforced_at": at + timedelta(seconds=version),
            "places": [],
        }
        for version in range(2, HISTORY_KEPT_IN_IMAGE + 1)
    ]
    now = {"version": HISTORY_KEPT_IN_IMAGE, "visibility": "public"}
    await gallery.database["images"].update_one({"_id": image}, {"$set": now, "$push": {"history": {"$each": past}}})


@pytest.mark.parametrize("change", [_alone, _in_a_bulk])
async def test_old_entries_leave_the_document_and_are_read_all_the_same(gallery: Gallery, change: Change) -> None:
    image = await gallery.image("ann")
    await gallery.plan("ann", version=20)
    await _give_it_a_past(gallery, image)

    await change(gallery, image)

    document = await gallery.database["images"].find_one({"_id": image})
    assert len(document["history"]) == HISTORY_KEPT_IN_IMAGE // 2 + 1
    versions, cursor = list[int](), {"limit": "100"}
    while cursor:
        page = await gallery.client.get(f"/v1/images/{image}/history", params=cursor, headers=gallery.as_("ann"))
        versions += [it["version"] for it in page.json()["items"]]
        following = page.json()["next_cursor"]
        cursor = {"limit": "100", "cursor": following} if following else {}
    assert versions == list(range(HISTORY_KEPT_IN_IMAGE + 1, 0, -1))
    for version in (HISTORY_KEPT_IN_IMAGE - 150, HISTORY_KEPT_IN_IMAGE):
        path = f"/v1/changes/{single_change_id(ImageId(image), version)}"
        seen = await gallery.client.get(path, headers=gallery.as_("ann"))
        assert seen.json()["items"][0]["image_id"] == image
        assert (await gallery.client.get(path, headers=gallery.as_("mallory"))).status_code == 404
    last = await gallery.client.get(
        f"/v1/changes/{single_change_id(ImageId(image), HISTORY_KEPT_IN_IMAGE + 1)}", headers=gallery.as_("ann")
    )
    assert last.status_code == (200 if change is _alone else 404), "what a bulk changed has the bulk's id"
