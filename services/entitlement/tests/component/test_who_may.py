"""Who may do what, and what bad requests are told."""

from typing import Any

import httpx
import pytest

from entitlement.app import create_app
from entitlement.settings import Settings
from shared.entitlements import CapabilitiesView

Entitlement = Any

PLUS = {"plan": "plus"}


async def test_anonymous_reads_the_plan_table_and_nothing_else(entitlement: Entitlement) -> None:
    answer = await entitlement.client.get("/v1/plans")
    assert answer.status_code == 200
    table = {it["id"]: it for it in answer.json()["items"]}
    assert list(table) == ["free", "basic", "plus", "pro", "team"]
    assert (table["team"]["usd_per_month"], table["team"]["per_member"], table["team"]["least_members"]) == (
        30,
        True,
        2,
    )
    assert table["plus"]["formats"] == ["jpg", "png", "webp", "avif"]
    for method, path in (
        ("GET", "/v1/entitlement"),
        ("PUT", "/v1/subscription"),
        ("DELETE", "/v1/subscription"),
        ("PUT", "/v1/admin/users/ann/subscription"),
    ):
        body = PLUS if method == "PUT" else None
        refused = await entitlement.client.request(method, path, json=body)
        assert refused.status_code == 401, path
        assert refused.json()["code"] == "sign_in_required"
        assert refused.headers["www-authenticate"] == "Bearer"


async def test_free_person_sets_somebodys_plan_gets_403_and_nothing_changes(entitlement: Entitlement) -> None:
    for target in ("mallory", "victim"):
        answer = await entitlement.client.put(
            f"/v1/admin/users/{target}/subscription", json=PLUS, headers=entitlement.as_("mallory")
        )
        assert answer.status_code == 403
        assert answer.json()["code"] == "operators_only"
        assert (await entitlement.see(target))["version"] == 0


async def test_operator_sets_somebodys_plan_and_only_theirs(entitlement: Entitlement) -> None:
    answer = await entitlement.set("lucky", plan="pro")
    assert answer.status_code == 200
    assert (answer.json()["user_id"], answer.json()["plan"]) == ("lucky", "pro")
    assert (await entitlement.see("lucky"))["plan"] == "pro"
    assert (await entitlement.see("boss"))["version"] == 0
    freed = await entitlement.set("lucky", plan="free")
    assert (freed.json()["plan"], freed.json()["state"], freed.json()["period_end"]) == ("free", "active", None)
    ended = await entitlement.set("lucky", plan="free", state="ended")
    assert ended.json()["state"] == "ended"


@pytest.mark.parametrize("user_id", ["a%20b", "x" * 65, "$ne", "a%00b"])
async def test_operator_names_what_can_not_be_a_person_gets_404(entitlement: Entitlement, user_id: str) -> None:
    assert (await entitlement.set(user_id, plan="plus")).status_code == 404


BAD_BODIES: dict[str, dict[str, Any]] = {
    "no plan": {},
    "unknown plan": {"plan": "platinum"},
    "an operator for a plan": {"plan": {"$ne": "free"}},
    "unknown field": {"plan": "plus", "version": 99},
    "team alone": {"plan": "team"},
    "team of one": {"plan": "team", "members": 1},
    "team of none": {"plan": "team", "members": 0},
    "members of another plan": {"plan": "plus", "members": 3},
    "unknown time": {"plan": "plus", "when": "yesterday"},
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_person_sends_bad_body_gets_422_and_nothing_changes(entitlement: Entitlement, case: str) -> None:
    answer = await entitlement.put("bad", **BAD_BODIES[case])
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid_request"
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await entitlement.see("bad"))["version"] == 0


BAD_STATES: dict[str, dict[str, Any]] = {
    "ended on a paid plan": {"plan": "plus", "state": "ended"},
    "cancelling the free plan": {"plan": "free", "state": "cancelling"},
    "past due on the free plan": {"plan": "free", "state": "past_due"},
    "an end of an active one": {"plan": "plus", "ends_at": "2030-01-01T00:00:00Z"},
    "a time without a zone": {"plan": "plus", "state": "cancelling", "ends_at": "2030-01-01T00:00:00"},
    "unknown state": {"plan": "plus", "state": "gone"},
    "team alone": {"plan": "team", "state": "past_due"},
}


@pytest.mark.parametrize("case", BAD_STATES)
async def test_operator_sets_what_can_not_be_gets_422_and_nothing_changes(entitlement: Entitlement, case: str) -> None:
    answer = await entitlement.set("bad", **BAD_STATES[case])
    assert answer.status_code == 422, answer.text
    assert (await entitlement.see("bad"))["version"] == 0


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"plan": "\xff"}', "application/json", 400),
        (b'{"plan": "plus"}', "text/plain", 415),
        (b"[" * 5000 + b"]" * 5000, "application/json", 400),
        (b'"plus"', "application/json", 422),
        (b"null", "application/json", 422),
    ],
)
async def test_person_sends_what_is_no_request_gets_4xx(
    entitlement: Entitlement, body: bytes, media_type: str, status: int
) -> None:
    headers = {**entitlement.as_("bad"), "Content-Type": media_type}
    answer = await entitlement.client.put("/v1/subscription", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_person_changes_their_plan_where_somebody_else_bills_gets_404(
    entitlement: Entitlement, settings: Settings
) -> None:
    without = create_app(settings.model_copy(update={"built_in_billing": False}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(without), base_url="http://service") as client:
        for method in ("PUT", "DELETE"):
            body = PLUS if method == "PUT" else None
            answer = await client.request(method, "/v1/subscription", json=body, headers=entitlement.as_("ann"))
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "/v1/subscription" not in without.openapi()["paths"]
    assert "/v1/subscription" in create_app(settings).openapi()["paths"]


async def test_other_services_read_what_the_answer_says(entitlement: Entitlement) -> None:
    await entitlement.put("reader", plan="plus")
    capabilities = CapabilitiesView.model_validate((await entitlement.see("reader"))["capabilities"]).capabilities()
    assert capabilities.private_generation
    assert len(capabilities.formats) == 4
