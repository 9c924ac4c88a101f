"""Asking for generations: what is refused, what is remembered, what is fixed from then on. No worker runs."""

import asyncio
from typing import Any

import pytest

from shared.contracts import Capabilities
from shared.testing.events import FREE
from shared.topics import PLAN_CHANGES

Service = Any


async def count_of(generation: Service, user: str) -> int:
    count = await generation.database["generations"].count_documents({"owner_id": user})
    assert isinstance(count, int)
    return count


async def test_plus_person_generates_privately_gets_ids_at_once(generation: Service) -> None:
    await generation.plan("ann")
    answer = await generation.submit("ann", visibility="private", count=3, aspect_ratio="16:9", seed=5)
    assert answer.status_code == 202
    body = answer.json()
    assert (body["status"], body["visibility"], body["progress"], body["seed"]) == ("queued", "private", 0, 5)
    assert len(set(body["image_ids"])) == 3
    assert answer.headers["location"] == f"/v1/generations/{body['generation_id']}"
    assert answer.headers["cache-control"] == "private, no-store"
    assert await generation.see("ann", body["generation_id"]) == body
    sent = await generation.document(body["generation_id"])
    assert (sent["unpublished"], sent["published"]["version"]) == (False, 1)


async def test_free_person_generates_privately_gets_403_and_nothing_is_generated(generation: Service) -> None:
    await generation.plan("fred", capabilities=FREE)
    for params in ({}, {"dry_run": True}):
        answer = await generation.client.post(
            "/v1/generations",
            params=params,
            json={"prompt": "a cat", "visibility": "private"},
            headers=generation.as_("fred"),
        )
        assert answer.status_code == 403
        assert (answer.json()["code"], answer.json()["required_plan"]) == ("entitlement_required", "plus")
    assert await count_of(generation, "fred") == 0
    assert (await generation.submitted("fred"))["visibility"] == "public"


async def test_person_whose_plan_has_just_ended_generates_privately_gets_403(generation: Service) -> None:
    await generation.plan("lapsed")
    first = await generation.submitted("lapsed", visibility="private")
    await generation.plan("lapsed", capabilities=FREE, state="ended")
    assert (await generation.submit("lapsed", visibility="private")).status_code == 403
    assert (await generation.see("lapsed", first["generation_id"]))["visibility"] == "private"
    assert (await generation.document(first["generation_id"]))["visibility"] == "private"


async def test_person_whose_plan_ends_by_schedule_generates_privately_gets_403(generation: Service) -> None:
    past = {"at": "2020-01-01T00:00:00Z", "plan": "free", "state": "ended", "capabilities": FREE}
    await generation.plan("sched", state="cancelling", scheduled=past)
    assert (await generation.submit("sched", visibility="private")).json()["code"] == "entitlement_required"


async def test_person_of_unknown_plan_generates_privately_gets_503_publicly_at_the_least_limit(
    generation: Service,
) -> None:
    refused = await generation.submit("unknown", visibility="private")
    assert refused.status_code == 503
    assert refused.json()["code"] == "entitlement_unknown"
    assert "retry-after" in refused.headers
    assert await count_of(generation, "unknown") == 0
    assert (await generation.submitted("unknown", count=4))["visibility"] == "public"
    second = await generation.submit("unknown")
    assert (second.status_code, second.json()["code"]) == (429, "too_many_running")


async def test_person_whose_plan_row_is_in_doubt_generates_privately_gets_503(generation: Service) -> None:
    await generation.plan("doubt")
    partition = PLAN_CHANGES.partition_of("doubt")
    await generation.sender.send_raw(PLAN_CHANGES.name, partition, b"doubt", b"{", {})
    await generation.plan(
        "after-" + next(str(n) for n in range(99) if PLAN_CHANGES.partition_of(f"after-{n}") == partition)
    )
    assert (await generation.submit("doubt", visibility="private")).status_code == 503
    assert await count_of(generation, "doubt") == 0


async def test_preference_is_public_until_chosen_then_remembered_and_used(generation: Service) -> None:
    headers = generation.as_("pref")
    await generation.plan("pref")
    fresh = await generation.client.get("/v1/preferences", headers=headers)
    assert fresh.json() == {"visibility": "public"}
    put = await generation.client.put("/v1/preferences", json={"visibility": "private"}, headers=headers)
    assert (put.status_code, put.json()) == (200, {"visibility": "private"})
    assert (await generation.client.get("/v1/preferences", headers=headers)).json() == {"visibility": "private"}
    assert (await generation.client.get("/v1/preferences", headers=generation.as_("other"))).json() == {
        "visibility": "public"
    }
    queued = await generation.submitted("pref")
    assert queued["visibility"] == "private"
    assert (await generation.submitted("pref", visibility="public"))["visibility"] == "public"

    await generation.client.put("/v1/preferences", json={"visibility": "public"}, headers=headers)
    assert (await generation.submitted("pref"))["visibility"] == "public"
    assert (await generation.see("pref", queued["generation_id"]))["visibility"] == "private"


async def test_free_person_who_remembers_private_is_refused_never_made_public(generation: Service) -> None:
    headers = generation.as_("stuck")
    await generation.plan("stuck", capabilities=FREE)
    await generation.client.put("/v1/preferences", json={"visibility": "private"}, headers=headers)
    assert (await generation.submit("stuck")).json()["code"] == "entitlement_required"
    assert await count_of(generation, "stuck") == 0


@pytest.mark.parametrize("body", [{"visibility": "deleted"}, {"visibility": None}, {}, {"visibility": {"$ne": 1}}])
async def test_person_prefers_what_is_no_choice_gets_422(generation: Service, body: dict[str, Any]) -> None:
    answer = await generation.client.put("/v1/preferences", json=body, headers=generation.as_("pref2"))
    assert answer.status_code == 422


async def test_ten_submissions_at_once_never_exceed_the_plan(generation: Service) -> None:
    three = Capabilities(private_generation=True, formats=(), generations_at_once=3, images_per_generation=4)
    await generation.plan("race", capabilities=three)
    answers = await asyncio.gather(*(generation.submit("race") for _ in range(10)))
    assert sorted(it.status_code for it in answers) == [202] * 3 + [429] * 7
    refused = next(it for it in answers if it.status_code == 429)
    assert refused.json()["code"] == "too_many_running"
    assert "retry-after" in refused.headers
    assert await count_of(generation, "race") == 3


async def test_person_beyond_the_limit_cancels_one_and_may_ask_again(generation: Service) -> None:
    await generation.plan("room", capabilities=FREE)
    first = await generation.submitted("room")
    assert (await generation.submit("room")).status_code == 429
    cancelled = await generation.client.delete(
        f"/v1/generations/{first['generation_id']}", headers=generation.as_("room")
    )
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    again = await generation.client.delete(f"/v1/generations/{first['generation_id']}", headers=generation.as_("room"))
    assert (again.status_code, again.json()["status"]) == (200, "cancelled")
    await generation.submitted("room")


async def test_slot_that_a_crash_left_is_found(generation: Service) -> None:
    await generation.plan("slot", capabilities=FREE)
    first = await generation.submitted("slot")
    await generation.database["generations"].update_one(
        {"_id": first["generation_id"]}, {"$set": {"status": "failed", "unfinished": False}}
    )
    await generation.submitted("slot")


async def test_person_asks_for_more_images_than_the_plan_makes_gets_403(generation: Service) -> None:
    two = Capabilities(private_generation=True, formats=(), generations_at_once=3, images_per_generation=2)
    await generation.plan("count", capabilities=two)
    answer = await generation.submit("count", count=3)
    assert (answer.status_code, answer.json()["code"]) == (403, "count_not_in_plan")
    assert await count_of(generation, "count") == 0
    await generation.submitted("count", count=2)


async def test_repeat_under_one_key_makes_one_generation(generation: Service) -> None:
    await generation.plan("key")
    answers = await asyncio.gather(*(generation.submit("key", key="k1") for _ in range(4)))
    assert {it.status_code for it in answers} == {202}
    assert len({it.json()["generation_id"] for it in answers}) == 1
    assert len({tuple(it.json()["image_ids"]) for it in answers}) == 1
    assert await count_of(generation, "key") == 1
    slots = await generation.database["slots"].find_one({"_id": "key"})
    assert len(slots["running"]) == 1
    other_body = await generation.submit("key", key="k1", prompt="a dog")
    assert (other_body.status_code, other_body.json()["code"]) == (422, "idempotency_key_reused")
    await generation.plan("key2")
    other_user = await generation.submit("key2", key="k1")
    assert other_user.json()["generation_id"] != answers[0].json()["generation_id"]


async def test_repeat_after_the_plan_ended_still_finds_its_generation(generation: Service) -> None:
    await generation.plan("late")
    first = await generation.submit("late", key="k", visibility="private")
    await generation.plan("late", capabilities=FREE, state="ended")
    again = await generation.submit("late", key="k", visibility="private")
    assert again.json() == first.json()


async def test_dry_run_checks_and_generates_nothing(generation: Service) -> None:
    await generation.plan("dry")
    answer = await generation.client.post(
        "/v1/generations",
        params={"dry_run": True},
        json={"prompt": "a cat", "visibility": "private", "count": 2, "aspect_ratio": "3:2"},
        headers=generation.as_("dry"),
    )
    assert answer.status_code == 200
    assert answer.json() == {"visibility": "private", "count": 2, "aspect_ratio": "3:2"}
    assert await count_of(generation, "dry") == 0


BAD_BODIES: dict[str, dict[str, Any]] = {
    "no prompt": {"prompt": None},
    "empty prompt": {"prompt": " \n "},
    "prompt with NUL": {"prompt": "a\0b"},
    "100-kB prompt": {"prompt": "x" * 100_000},
    "an operator for a prompt": {"prompt": {"$ne": 1}},
    "no images": {"count": 0},
    "five images": {"count": 5},
    "a text for a count": {"count": "2"},
    "half an image": {"count": 1.5},
    "true for a count": {"count": True},
    "unknown ratio": {"aspect_ratio": "21:9"},
    "unknown visibility": {"visibility": "secret"},
    "deleted": {"visibility": "deleted"},
    "negative seed": {"seed": -1},
    "huge seed": {"seed": 2**32},
    "unknown field": {"owner_id": "somebody"},
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_person_asks_for_what_can_not_be_gets_422_without_their_words(generation: Service, case: str) -> None:
    answer = await generation.submit("bad", **BAD_BODIES[case])
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"
    assert len(answer.content) < 2_000
    assert await count_of(generation, "bad") == 0


async def test_person_sends_a_lone_surrogate_gets_400(generation: Service) -> None:
    headers = {**generation.as_("bad"), "Content-Type": "application/json"}
    answer = await generation.client.post("/v1/generations", content=rb'{"prompt": "\ud800"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


ROUTES = [("GET", ""), ("DELETE", ""), ("GET", "/events")]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_stranger_or_operator_asks_for_a_generation_gets_what_an_unknown_id_gets(
    generation: Service, method: str, path: str
) -> None:
    await generation.plan("owner")
    made = await generation.submitted("owner", visibility="public")
    for headers in (generation.as_("stranger"), generation.issuer.headers("boss", roles=["operator"])):
        answers = [
            await generation.client.request(method, f"/v1/generations/{name}{path}", headers=headers)
            for name in (made["generation_id"], "gen_" + "0" * 32, "gen%20x", "x" * 65)
        ]
        assert {it.status_code for it in answers} == {404}
        assert len({it.content for it in answers}) == 1
        assert len({tuple(it.headers.items()) for it in answers}) == 1
    assert (await generation.see("owner", made["generation_id"]))["status"] == "queued"


async def test_anonymous_gets_401_everywhere(generation: Service) -> None:
    for method, path in (
        ("POST", "/v1/generations"),
        ("GET", "/v1/generations"),
        ("GET", "/v1/generations/gen_1"),
        ("GET", "/v1/generations/gen_1/events"),
        ("DELETE", "/v1/generations/gen_1"),
        ("GET", "/v1/preferences"),
        ("PUT", "/v1/preferences"),
    ):
        body = {"prompt": "a cat"} if method == "POST" else {"visibility": "public"} if method == "PUT" else None
        answer = await generation.client.request(method, path, json=body)
        assert answer.status_code == 401, path


async def test_owner_pages_through_their_own_generations_only(generation: Service) -> None:
    await generation.plan("pages")
    made = [(await generation.submitted("pages"))["generation_id"] for _ in range(5)]
    await generation.submitted("somebody-else")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"limit": "2", **cursor}
        page = (await generation.client.get("/v1/generations", params=params, headers=generation.as_("pages"))).json()
        seen += [it["generation_id"] for it in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == made[::-1]
    stolen = await generation.client.get("/v1/generations", params=cursor, headers=generation.as_("somebody-else"))
    assert (stolen.status_code, stolen.json()["code"]) == (422, "cursor_invalid")
