"""One image's visibility, changed by its owner."""

from typing import Any

import pytest

from shared.testing.apps import eventually
from shared.testing.events import FREE

Gallery = Any


async def patch(gallery: Gallery, image: str, visibility: str, user: str | None, **headers: str) -> Any:
    return await gallery.client.patch(
        f"/v1/images/{image}", json={"visibility": visibility}, headers={**gallery.as_(user), **headers}
    )


async def test_owner_makes_image_private_is_told_every_place(gallery: Gallery) -> None:
    image = await gallery.image("ann")
    await gallery.plan("ann")

    answer = await patch(gallery, image, "private", "ann")

    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["image"]["visibility"] == "private"
    assert body["change"]["state"] == "enforced"
    assert [(it["name"], it["state"]) for it in body["change"]["places"]] == [
        ("gallery", "applied"),
        ("download", "applied"),
    ]
    row = await gallery.enforcer_rows.row(image)
    assert row is not None
    assert row["visibility"] == "private"


@pytest.mark.parametrize("viewer", [None, "stranger"])
async def test_stranger_opens_private_image_gets_what_unknown_id_gets(gallery: Gallery, viewer: str | None) -> None:
    image = await gallery.image("ann", "private")
    private = await gallery.client.get(f"/v1/images/{image}", headers=gallery.as_(viewer))
    unknown = await gallery.client.get("/v1/images/img_unknown", headers=gallery.as_(viewer))
    assert private.status_code == unknown.status_code == 404
    assert private.content == unknown.content
    assert private.headers == unknown.headers


async def test_stranger_changes_image_gets_404_and_nothing_changes(gallery: Gallery) -> None:
    image = await gallery.image("ann")
    await gallery.plan("mallory")
    answer = await patch(gallery, image, "private", "mallory")
    assert answer.status_code == 404
    seen = await gallery.client.get(f"/v1/images/{image}")
    assert seen.json()["visibility"] == "public"


async def test_free_owner_makes_private_gets_403_naming_the_plan(gallery: Gallery) -> None:
    image = await gallery.image("fred")
    await gallery.plan("fred", capabilities=FREE)
    answer = await patch(gallery, image, "private", "fred")
    assert answer.status_code == 403
    assert answer.json()["code"] == "entitlement_required"
    assert answer.json()["required_plan"] == "plus"


async def test_owner_of_unknown_plan_makes_private_gets_503_and_nothing_changes(gallery: Gallery) -> None:
    image = await gallery.image("nobody-knows")
    answer = await patch(gallery, image, "private", "nobody-knows")
    assert answer.status_code == 503
    assert answer.json()["code"] == "entitlement_unknown"
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 200


async def test_lapsed_owner_makes_public_is_allowed(gallery: Gallery) -> None:
    image = await gallery.image("lapsed", "private")
    await gallery.plan("lapsed", capabilities=FREE)
    answer = await patch(gallery, image, "public", "lapsed")
    assert answer.status_code == 200
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 200


async def test_plan_changes_of_every_kind_change_no_visibility(gallery: Gallery) -> None:
    image = await gallery.image("keeper", "private")
    for version, state in enumerate(["active", "cancelling", "past_due", "ended"], start=1):
        await gallery.plan("keeper", capabilities=FREE, version=version, state=state)
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 404
    own = await gallery.client.get(f"/v1/images/{image}", headers=gallery.as_("keeper"))
    assert own.json()["visibility"] == "private"


async def test_owner_with_old_version_gets_412(gallery: Gallery) -> None:
    image = await gallery.image("ann")
    await gallery.plan("ann", version=2)
    assert (await patch(gallery, image, "private", "ann", **{"If-Match": '"1"'})).status_code == 200
    assert (await patch(gallery, image, "public", "ann", **{"If-Match": '"1"'})).status_code == 412
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 404


async def test_owner_deletes_image_nobody_sees_it_and_it_stays_a_tombstone(gallery: Gallery) -> None:
    image = await gallery.image("ann")
    answer = await gallery.client.delete(f"/v1/images/{image}", headers=gallery.as_("ann"))
    assert answer.status_code == 200
    for viewer in (None, "ann"):
        seen = await gallery.client.get(f"/v1/images/{image}", headers=gallery.as_(viewer))
        assert seen.status_code == 404
    for visibility in ("public", "private"):
        assert (await patch(gallery, image, visibility, "ann")).status_code == 404, "it must not come back"
    row = await gallery.enforcer_rows.row(image)
    assert row is not None
    assert row["visibility"] == "deleted"


@pytest.mark.parametrize("stored", [{"$set": {"visibility": "strange"}}, {"$unset": {"visibility": 1}}])
async def test_image_without_a_known_visibility_cannot_be_changed(gallery: Gallery, stored: dict[str, Any]) -> None:
    image = await gallery.image("ann")
    await gallery.database["images"].update_one({"_id": image}, stored)
    assert (await patch(gallery, image, "public", "ann")).status_code == 404


async def test_owner_reads_history_with_when_it_was_enforced(gallery: Gallery) -> None:
    image = await gallery.image("ann")
    await gallery.plan("ann", version=3)
    change = (await patch(gallery, image, "private", "ann")).json()["change"]
    history = await gallery.client.get(f"/v1/images/{image}/history", headers=gallery.as_("ann"))
    newest, first = history.json()["items"]
    assert (newest["from"], newest["to"], newest["why"], newest["by"]) == ("public", "private", "owner", "ann")
    assert newest["enforced_at"] is not None
    assert newest["places"] == change["places"]
    assert (first["from"], first["to"], first["why"]) == (None, "public", "generated")
    seen = await gallery.client.get(f"/v1/changes/{change['id']}", headers=gallery.as_("ann"))
    assert seen.json()["state"] == "enforced"
    stranger = await gallery.client.get(f"/v1/changes/{change['id']}", headers=gallery.as_("mallory"))
    assert stranger.status_code == 404


@pytest.mark.parametrize("visibility", ["public", "private"])
async def test_stranger_asks_for_a_history_and_gets_what_an_unknown_id_gets(gallery: Gallery, visibility: str) -> None:
    image = await gallery.image("ann", visibility)
    refused = [
        await gallery.client.get(f"/v1/images/{it}/history", headers=gallery.as_("mallory"))
        for it in (image, "img_never")
    ]
    assert [it.status_code for it in refused] == [404, 404]
    assert refused[0].content == refused[1].content


async def test_change_that_waits_for_an_enforcer_is_202_and_enforced_by_itself_later(gallery: Gallery) -> None:
    image = await gallery.image("ann")
    await gallery.plan("ann", version=4)
    await gallery.enforcer.pause()
    answer = await patch(gallery, image, "private", "ann")
    assert answer.status_code == 202
    change = answer.json()["change"]
    assert change["state"] == "pending"
    assert {it["name"]: it["state"] for it in change["places"]} == {"gallery": "applied", "download": "pending"}
    assert answer.headers["location"] == f"/v1/changes/{change['id']}"
    assert (await gallery.client.get(f"/v1/images/{image}")).status_code == 404

    await gallery.enforcer.resume()

    async def is_enforced() -> bool:
        seen = await gallery.client.get(answer.headers["location"], headers=gallery.as_("ann"))
        return bool(seen.json()["state"] == "enforced")

    await eventually(is_enforced, 20)
