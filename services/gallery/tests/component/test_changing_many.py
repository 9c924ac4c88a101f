"""Many images' visibility, changed as one."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from gallery.changes.domain import BulkChange, Item
from gallery.changes.repository import ChangeRepository
from gallery.changes.schemas import ChangeCounts
from shared.contracts import Cause
from shared.ids import ImageId, UserId, new_change_id
from shared.testing.apps import eventually
from shared.testing.events import FREE
from shared.visibility import Visibility

Gallery = Any


async def finished(gallery: Gallery, answer: Any, user: str) -> Any:
    """Follow a change to its end."""
    assert answer.status_code in {200, 202}, answer.text
    change = answer.json()

    async def is_enforced() -> Any:
        seen = await gallery.client.get(f"/v1/changes/{change['id']}", headers=gallery.as_(user))
        return seen.json()["state"] == "enforced" and seen.json()

    return await eventually(is_enforced, 60, every_s=0.2)


async def change(gallery: Gallery, user: str, key: str | None = None, **body: Any) -> Any:
    headers = {**gallery.as_(user), **({} if key is None else {"Idempotency-Key": key})}
    return await gallery.client.post("/v1/changes", json=body, headers=headers)


async def items(gallery: Gallery, change_id: str, user: str, limit: int) -> list[str]:
    """Page through a change's items."""
    found: list[str] = []
    params: dict[str, Any] = {"limit": limit}
    while True:
        page = (await gallery.client.get(f"/v1/changes/{change_id}", params=params, headers=gallery.as_(user))).json()
        found += [it["image_id"] for it in page["items"]]
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


async def test_owner_changes_named_images_foreign_and_unknown_ones_are_refused_alike(gallery: Gallery) -> None:
    await gallery.plan("bea")
    mine = await gallery.images("bea", 3)
    foreign = await gallery.image("other")
    answer = await change(gallery, "bea", image_ids=[*mine, foreign, "img_unknown"], visibility="private")
    done = await finished(gallery, answer, "bea")
    assert done["counts"] == {"total": 5, "pending": 0, "changed": 3, "unchanged": 0, "refused": 2}
    reasons = {it["image_id"]: (it["result"], it["reason"]) for it in done["items"]}
    assert reasons[foreign] == reasons["img_unknown"] == ("refused", "not_found")
    assert [place["state"] for place in done["places"]] == ["applied", "applied"]
    for image in mine:
        assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 404
    assert (await gallery.client.get(f"/v1/images/{foreign}")).status_code == 200


async def test_repeat_under_one_key_makes_one_change(gallery: Gallery) -> None:
    await gallery.plan("key-user")
    image = await gallery.image("key-user")
    first = await change(gallery, "key-user", "k1", image_ids=[image], visibility="private")
    again = await change(gallery, "key-user", "k1", image_ids=[image], visibility="private")
    assert first.json()["id"] == again.json()["id"]
    other = await change(gallery, "key-user", "k1", image_ids=[image], visibility="public")
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_key_reused"


async def test_owner_selects_all_matching_and_undoes_it_as_one(gallery: Gallery) -> None:
    await gallery.plan("sel")
    await gallery.images("sel", 2, "private")
    images = await gallery.images("sel", 120)
    done = await finished(
        gallery, await change(gallery, "sel", select={"visibility": "public"}, visibility="private"), "sel"
    )
    assert done["counts"]["changed"] == 120
    assert await items(gallery, done["id"], "sel", 50) == [it["image_id"] for it in done["items"]]
    counts = await gallery.client.get("/v1/creations/counts", headers=gallery.as_("sel"))
    assert counts.json() == {"all": 122, "public": 0, "private": 122}

    touched = images[0]
    for visibility in ("public", "private"):
        answer = await gallery.client.patch(
            f"/v1/images/{touched}", json={"visibility": visibility}, headers=gallery.as_("sel")
        )
        assert answer.status_code == 200
    undo = await gallery.client.post(f"/v1/changes/{done['id']}/undo", headers=gallery.as_("sel"))
    undone = await finished(gallery, undo, "sel")
    assert undone["counts"]["changed"] == 119
    assert undone["counts"]["refused"] == 1
    counts = await gallery.client.get("/v1/creations/counts", headers=gallery.as_("sel"))
    assert counts.json() == {"all": 122, "public": 119, "private": 3}
    again = await gallery.client.post(f"/v1/changes/{done['id']}/undo", headers=gallery.as_("sel"))
    assert again.status_code == 409
    assert again.json()["code"] == "already_undone"


async def test_change_that_was_accepted_in_larger_slices_lists_all_its_items(gallery: Gallery) -> None:
    change_id, names = new_change_id(), [f"img_{number}" for number in range(150)]
    old = BulkChange(
        id=change_id,
        owner_id=UserId("old"),
        cause=Cause.BULK,
        visibility=Visibility.PRIVATE,
        created_at=datetime.now(UTC),
        slices=2,
        counts=ChangeCounts(total=150, refused=150),
        state="enforced",
    )
    frozen = [Item(image_id=ImageId(it), version=None, to=Visibility.PRIVATE) for it in names]
    await ChangeRepository(gallery.database).insert(old, frozen)
    await gallery.database["changes"].update_one({"_id": change_id}, {"$unset": {"slice_size": 1}})
    assert await items(gallery, change_id, "old", limit=60) == names


async def test_lapsed_owner_undoes_make_public_once_within_ten_minutes(gallery: Gallery) -> None:
    image = await gallery.image("lap", "private")
    await gallery.plan("lap", capabilities=FREE)
    made_public = await gallery.client.patch(
        f"/v1/images/{image}", json={"visibility": "public"}, headers=gallery.as_("lap")
    )
    change_id = made_public.json()["change"]["id"]
    undo = await gallery.client.post(f"/v1/changes/{change_id}/undo", headers=gallery.as_("lap"))
    await finished(gallery, undo, "lap")
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 404
    again = await gallery.client.post(f"/v1/changes/{change_id}/undo", headers=gallery.as_("lap"))
    assert (await finished(gallery, again, "lap"))["counts"]["changed"] == 0


async def test_free_owner_bulk_private_is_refused_whole(gallery: Gallery) -> None:
    await gallery.plan("poor", capabilities=FREE)
    image = await gallery.image("poor")
    answer = await change(gallery, "poor", image_ids=[image], visibility="private")
    assert answer.status_code == 403
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 200


async def test_owner_deletes_many(gallery: Gallery) -> None:
    images = await gallery.images("del", 3)
    done = await finished(gallery, await change(gallery, "del", image_ids=images, visibility="deleted"), "del")
    assert done["counts"]["changed"] == 3
    counts = await gallery.client.get("/v1/creations/counts", headers=gallery.as_("del"))
    assert counts.json()["all"] == 0
    undo = await gallery.client.post(f"/v1/changes/{done['id']}/undo", headers=gallery.as_("del"))
    assert undo.json()["code"] == "not_undoable"


async def test_bulk_over_an_image_whose_change_is_pending_is_pending_too(gallery: Gallery) -> None:
    await gallery.plan("pend")
    image, other = await gallery.images("pend", 2)
    await gallery.enforcer.pause()
    try:
        patched = await gallery.client.patch(
            f"/v1/images/{image}", json={"visibility": "private"}, headers=gallery.as_("pend")
        )
        assert patched.status_code == 202
        bulk = await change(gallery, "pend", image_ids=[image, other], visibility="private")
        assert bulk.status_code == 202, "unchanged isn't enforced"
        deleted = await gallery.client.delete(f"/v1/images/{other}", headers=gallery.as_("pend"))
        assert deleted.status_code == 202
        seen = await gallery.client.get(f"/v1/changes/{bulk.json()['id']}", headers=gallery.as_("pend"))
        assert seen.json()["state"] == "pending", "a later change of its images isn't everywhere either"
    finally:
        await gallery.enforcer.resume()
    done = await finished(gallery, bulk, "pend")
    assert done["counts"]["pending"] == 0
    row = await gallery.enforcer_rows.row(image)
    assert row is not None
    assert row["visibility"] == "private"


async def test_person_with_many_changes_open_gets_429_and_may_go_on_later(gallery: Gallery) -> None:
    await gallery.plan("many")
    images = await gallery.images("many", 9)
    await gallery.enforcer.pause()
    try:
        answers = await asyncio.gather(
            *(change(gallery, "many", image_ids=[image], visibility="private") for image in images[:8])
        )
        assert {it.status_code for it in answers} == {202}
        refused = await change(gallery, "many", image_ids=[images[8]], visibility="private")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_changes_open")
        assert refused.headers["retry-after"]
    finally:
        await gallery.enforcer.resume()
    for answer in answers:
        await finished(gallery, answer, "many")
    assert (await change(gallery, "many", image_ids=[images[8]], visibility="private")).status_code in {200, 202}
