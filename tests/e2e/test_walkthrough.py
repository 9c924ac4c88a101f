"""PRODUCT's walkthrough by API: generate privately, view, change one, change many, lose the plan, come back."""

import asyncio
import io
from collections.abc import Awaitable, Callable

from PIL import Image
from tests.e2e.api_client import Person

Somebody = Callable[..., Awaitable[Person]]


async def test_person_walks_through_the_product(somebody: Somebody, stranger: Person, anonymous: Person) -> None:
    ann = await somebody("plus")

    # 1. Generate privately; the choice is remembered for the account.
    remembered = await ann.ask("PUT", "/v1/preferences", json={"visibility": "private"})
    assert remembered.json() == {"visibility": "private"}
    submitted = (await ann.submit("a lighthouse at dawn", count=2)).json()
    assert submitted["visibility"] == "private"
    assert (await ann.finished(submitted["generation_id"]))["status"] == "succeeded"
    fox, owl = submitted["image_ids"]

    # 2. View them.
    assert set(await ann.creations("private")) == {fox, owl}
    assert (await ann.get("/v1/creations/counts")).json() == {"all": 2, "public": 0, "private": 2}
    png = await ann.get(f"/v1/downloads/{fox}", params={"format": "png"})
    assert Image.open(io.BytesIO(png.content)).size == (1024, 1024)

    # 3. Change one, both ways.
    for visibility, status in (("public", 200), ("private", 404)):
        answer = await ann.make(fox, visibility)
        assert answer.status_code == 200
        assert answer.json()["change"]["state"] == "enforced"
        for other in (stranger, anonymous):
            assert (await other.get(f"/v1/images/{fox}")).status_code == status
            assert (await other.get(f"/v1/previews/{fox}")).status_code == status

    # 4. Change many, and undo.
    done = await ann.change("public", select={"visibility": "private"})
    assert done["counts"]["changed"] == 2
    assert (await anonymous.get(f"/v1/previews/{owl}")).status_code == 200
    undo = await ann.ask("POST", f"/v1/changes/{done['id']}/undo")
    await ann.enforced(undo.json()["id"])
    assert (await anonymous.get(f"/v1/previews/{owl}")).status_code == 404

    # 5. After the subscription ends private images stay private, in JPG; resubscribing unlocks the rest at once.
    assert (await ann.cancel_now()).status_code == 200
    assert set(await ann.creations("private")) == {fox, owl}
    assert (await ann.get(f"/v1/downloads/{fox}", params={"format": "jpg"})).status_code == 200
    refused = await ann.get(f"/v1/downloads/{fox}", params={"format": "png"})
    assert (refused.status_code, refused.json()["code"]) == (403, "format_not_in_plan")
    assert refused.json()["allowed_formats"] == ["jpg"]
    for other in (stranger, anonymous):
        assert (await other.get(f"/v1/downloads/{fox}")).status_code == 404
    assert (await ann.subscribe("pro")).status_code == 200
    answers = await asyncio.gather(
        *(ann.get(f"/v1/downloads/{fox}", params={"format": it}) for it in ("jpg", "png", "webp", "avif"))
    )
    assert [it.status_code for it in answers] == [200] * 4
    assert [it.headers["content-type"] for it in answers] == ["image/jpeg", "image/png", "image/webp", "image/avif"]


async def test_preference_applies_to_the_next_image_only(somebody: Somebody) -> None:
    ann = await somebody("plus")
    first = (await ann.submit("first")).json()
    await ann.ask("PUT", "/v1/preferences", json={"visibility": "private"})
    second = (await ann.submit("second")).json()
    assert (first["visibility"], second["visibility"]) == ("public", "private")
    for generation in (first, second):
        finished = await ann.finished(generation["generation_id"])
        image = (await ann.get(f"/v1/images/{finished['image_ids'][0]}")).json()
        assert image["visibility"] == generation["visibility"]
