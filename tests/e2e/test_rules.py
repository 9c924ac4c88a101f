"""PRODUCT's rules 2–9, 11 and 13 by API; rules 1 and 10 are the privacy matrix."""

import asyncio
import io
import zipfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from tests.e2e.api_client import Person, eventually

Somebody = Callable[..., Awaitable[Person]]


async def test_rule_2_no_plan_event_changes_a_visibility(somebody: Somebody, operator: Person) -> None:
    ann = await somebody("plus")
    (image,) = await ann.generate(visibility="private")
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for body in (
        {"plan": "plus", "state": "past_due"},
        {"plan": "plus", "state": "cancelling", "ends_at": soon},
        {"plan": "free", "state": "ended"},
        {"plan": "basic"},
        {"plan": "team", "members": 3},
    ):
        answer = await operator.ask("PUT", f"/v1/admin/users/{ann.user_id}/subscription", json=body)
        assert answer.status_code == 200, answer.text
        assert (await ann.get(f"/v1/images/{image}")).json()["visibility"] == "private"


async def test_rule_3_private_needs_the_plan_now(somebody: Somebody) -> None:
    fred = await somebody()
    refused = await fred.submit("nothing is made of this", visibility="private")
    assert (refused.status_code, refused.json()["code"]) == (403, "entitlement_required")
    assert refused.json()["required_plan"] == "plus"
    assert (await fred.get("/v1/generations")).json()["items"] == []
    (image,) = await fred.generate()
    assert (await fred.make(image, "private")).status_code == 403
    assert (
        await fred.ask("POST", "/v1/changes", json={"image_ids": [image], "visibility": "private"})
    ).status_code == 403
    assert (await fred.get(f"/v1/images/{image}")).json()["visibility"] == "public"


async def test_rule_3_lapsed_owner_may_undo_a_make_public(somebody: Somebody, anonymous: Person) -> None:
    ann = await somebody("plus")
    (image,) = await ann.generate(visibility="private")
    await ann.cancel_now()
    change = (await ann.make(image, "public")).json()["change"]
    assert (await ann.make(image, "private")).status_code == 403
    undo = await ann.ask("POST", f"/v1/changes/{change['id']}/undo")
    assert undo.status_code in {200, 202}
    await ann.enforced(undo.json()["id"])
    assert (await anonymous.get(f"/v1/images/{image}")).status_code == 404


async def test_rule_4_queued_generation_keeps_its_visibility(somebody: Somebody, anonymous: Person) -> None:
    ann = await somebody("plus")
    submitted = [(await ann.submit(f"number {it}", visibility="private", count=2)).json() for it in range(3)]
    await ann.cancel_now()
    for generation in submitted:
        finished = await ann.finished(generation["generation_id"])
        assert finished["status"] == "succeeded"
        for image in finished["image_ids"]:
            assert (await ann.get(f"/v1/images/{image}")).json()["visibility"] == "private"
            assert (await anonymous.get(f"/v1/images/{image}")).status_code == 404


async def test_rule_5_formats_follow_the_viewers_plan(somebody: Somebody, stranger: Person, anonymous: Person) -> None:
    fred = await somebody()
    (image,) = await fred.generate()
    for person, allowed in ((fred, {"jpg"}), (anonymous, {"jpg"}), (stranger, {"jpg", "png", "webp", "avif"})):
        formats = (await person.get(f"/v1/downloads/{image}/formats")).json()["items"]
        assert {it["format"] for it in formats if it["allowed"]} == allowed
        for wanted in ("jpg", "png", "webp", "avif"):
            answer = await person.get(f"/v1/downloads/{image}", params={"format": wanted})
            assert answer.status_code == (200 if wanted in allowed else 403), (person.user_id, wanted)


async def test_rule_6_and_13_change_and_history_name_every_place(somebody: Somebody) -> None:
    ann = await somebody("plus")
    (image,) = await ann.generate()
    change = (await ann.make(image, "private")).json()["change"]
    assert [(it["name"], it["state"]) for it in change["places"]] == [("gallery", "applied"), ("download", "applied")]
    history = (await ann.get(f"/v1/images/{image}/history")).json()["items"]
    assert [(it["from"], it["to"], it["why"], it["by"]) for it in history] == [
        ("public", "private", "owner", ann.user_id),
        (None, "public", "generated", ann.user_id),
    ]
    assert all(it["enforced_at"] for it in history)
    assert history[0]["places"] == change["places"]


async def test_rule_7_bulk_answers_per_image_is_idempotent_and_never_overtakes(
    somebody: Somebody, stranger: Person
) -> None:
    ann = await somebody("plus")
    mine = await ann.generate(count=3)
    (foreign,) = await stranger.generate()
    done = await ann.change("private", key="once", image_ids=[*mine, foreign, "img_unknown"])
    assert done["counts"] == {"total": 5, "pending": 0, "changed": 3, "unchanged": 0, "refused": 2}
    again = await ann.change("private", key="once", image_ids=[*mine, foreign, "img_unknown"])
    assert again["id"] == done["id"]
    assert (await ann.make(mine[0], "public")).status_code == 200
    undo = await ann.ask("POST", f"/v1/changes/{done['id']}/undo", headers={"Idempotency-Key": "back"})
    undone = await ann.enforced(undo.json()["id"])
    results = {it["image_id"]: it["result"] for it in undone["items"]}
    assert results[mine[1]] == results[mine[2]] == "changed"
    assert results[mine[0]] != "changed"


async def test_rule_9_deleting_is_free_and_takes_everything_with_it(somebody: Somebody, anonymous: Person) -> None:
    fred = await somebody()
    submitted = (await fred.submit("a word that goes with the last image", count=2)).json()
    await fred.finished(submitted["generation_id"])
    for image in submitted["image_ids"]:
        assert (await anonymous.get(f"/v1/previews/{image}")).status_code == 200
        deleted = await fred.ask("DELETE", f"/v1/images/{image}")
        assert deleted.status_code == 200
        change = deleted.json()["change"]
        assert change["places"][-1] == {"name": "erased", "state": "pending", "ms": None}
        for person in (fred, anonymous):
            for path in (f"/v1/images/{image}", f"/v1/previews/{image}", f"/v1/downloads/{image}"):
                assert (await person.get(path)).status_code == 404
    assert await fred.creations() == []
    last = (await fred.ask("DELETE", f"/v1/images/{submitted['image_ids'][0]}")).status_code
    assert last == 404

    async def prompt_is_gone() -> bool:
        return (await fred.get(f"/v1/generations/{submitted['generation_id']}")).json()["prompt"] is None

    assert await eventually(prompt_is_gone)

    async def is_erased() -> bool:
        places = (await fred.get(f"/v1/changes/{change['id']}")).json()["places"]
        return bool(places[-1]["name"] == "erased" and places[-1]["state"] == "applied")

    assert await eventually(is_erased)


async def test_rule_11_files_carry_the_provenance_and_nothing_else(somebody: Somebody) -> None:
    ann = await somebody("plus")
    (image,) = await ann.generate("XQMARKERWORD in a garden", seed=987654321, visibility="private")
    for wanted in ("jpg", "png", "webp", "avif"):
        body = (await ann.get(f"/v1/downloads/{image}", params={"format": wanted})).content
        assert b"trainedAlgorithmicMedia" in body
        for word in (b"XQMARKERWORD", b"987654321", image.encode(), str(ann.user_id).encode()):
            assert word not in body


async def test_archive_holds_what_may_be_viewed_and_leaves_the_rest_out(
    somebody: Somebody, stranger: Person, anonymous: Person
) -> None:
    ann = await somebody("plus")
    (public,), (private,) = await asyncio.gather(ann.generate(), ann.generate(visibility="private"))
    for person, count in ((ann, 2), (stranger, 1), (anonymous, 1)):
        answer = await person.ask("POST", "/v1/archives", json={"image_ids": [public, private, "img_unknown"]})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, no-store"
        assert len(zipfile.ZipFile(io.BytesIO(answer.content)).namelist()) == count
