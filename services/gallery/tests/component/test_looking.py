"""Explore, Creations and one image, by viewer."""

from typing import Any

Gallery = Any


async def pages(gallery: Gallery, path: str, user: str | None, limit: int, **params: str) -> list[str]:
    """Walk a list to its end."""
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(200):
        answer = await gallery.client.get(path, params={"limit": limit, **params, **cursor}, headers=gallery.as_(user))
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "private, no-store"
        seen += [it["id"] for it in answer.json()["items"]]
        if answer.json()["next_cursor"] is None:
            return seen
        cursor = {"cursor": answer.json()["next_cursor"]}
    raise AssertionError("the list doesn't end")


async def test_everybody_explores_public_images_only(gallery: Gallery) -> None:
    public, private = await gallery.image("exp"), await gallery.image("exp", "private")
    for viewer in (None, "stranger", "exp"):
        seen = await pages(gallery, "/v1/explore", viewer, 3)
        assert public in seen
        assert private not in seen
        assert len(seen) == len(set(seen))


async def test_owner_pages_through_creations_by_visibility(gallery: Gallery) -> None:
    public, private = await gallery.images("cre", 7), await gallery.images("cre", 5, "private")
    for chosen, expected in (("all", public + private), ("public", public), ("private", private)):
        seen = await pages(gallery, "/v1/creations", "cre", 2, visibility=chosen)
        assert sorted(seen) == sorted(expected)
    counts = await gallery.client.get("/v1/creations/counts", headers=gallery.as_("cre"))
    assert counts.json() == {"all": 12, "public": 7, "private": 5}


async def test_anonymous_asks_for_creations_gets_401(gallery: Gallery) -> None:
    for path in ("/v1/creations", "/v1/creations/counts", "/v1/images/img_x/history", "/v1/changes/chg_x"):
        answer = await gallery.client.get(path)
        assert answer.status_code == 401, path
        assert answer.json()["code"] == "sign_in_required"


async def test_stranger_sees_less_of_a_public_image_than_its_owner(gallery: Gallery) -> None:
    image = await gallery.image("own")
    stranger = (await gallery.client.get(f"/v1/images/{image}", headers=gallery.as_("other"))).json()
    owner = (await gallery.client.get(f"/v1/images/{image}", headers=gallery.as_("own"))).json()
    assert set(stranger) == {"id", "owner_id", "visibility", "created_at", "width", "height"}
    assert set(owner) - set(stranger) == {"version", "generation_id"}


async def test_operator_opens_private_image_gets_404(gallery: Gallery) -> None:
    image = await gallery.image("own", "private")
    headers = gallery.issuer.headers("boss", roles=["operator"])
    assert (await gallery.client.get(f"/v1/images/{image}", headers=headers)).status_code == 404


async def test_tampered_or_foreign_cursor_is_refused(gallery: Gallery) -> None:
    await gallery.images("cur", 3)
    page = await gallery.client.get("/v1/creations", params={"limit": 1}, headers=gallery.as_("cur"))
    cursor = page.json()["next_cursor"]
    for bad, user in ((cursor + "x", "cur"), (cursor, "other"), ("nonsense", "cur")):
        answer = await gallery.client.get("/v1/creations", params={"cursor": bad}, headers=gallery.as_(user))
        assert answer.status_code == 422
        assert answer.json()["code"] == "cursor_invalid"
