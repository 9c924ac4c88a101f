"""Every route of the OpenAPI documents says who may call it, and answers anonymous, strangers and operators so."""

from typing import Any

import httpx
import pytest
from tests.e2e.api_client import Person

SERVICES = ("entitlement", "generation", "gallery", "download")

# What each kind of caller gets: `anyone` is let in, `signed_in` wants a token, `operators` the role.
ROUTES: dict[tuple[str, str], str] = {
    ("GET", "/v1/plans"): "anyone",
    ("GET", "/v1/entitlement"): "signed_in",
    ("PUT", "/v1/subscription"): "signed_in",
    ("DELETE", "/v1/subscription"): "signed_in",
    ("PUT", "/v1/admin/users/{user_id}/subscription"): "operators",
    ("POST", "/v1/generations"): "signed_in",
    ("GET", "/v1/generations"): "signed_in",
    ("GET", "/v1/generations/{generation_id}"): "signed_in",
    ("DELETE", "/v1/generations/{generation_id}"): "signed_in",
    ("GET", "/v1/generations/{generation_id}/events"): "signed_in",
    ("GET", "/v1/preferences"): "signed_in",
    ("PUT", "/v1/preferences"): "signed_in",
    ("GET", "/v1/explore"): "anyone",
    ("GET", "/v1/creations"): "signed_in",
    ("GET", "/v1/creations/counts"): "signed_in",
    ("GET", "/v1/images/{image_id}"): "anyone",
    ("PATCH", "/v1/images/{image_id}"): "signed_in",
    ("DELETE", "/v1/images/{image_id}"): "signed_in",
    ("GET", "/v1/images/{image_id}/history"): "signed_in",
    ("POST", "/v1/changes"): "signed_in",
    ("GET", "/v1/changes/{change_id}"): "signed_in",
    ("POST", "/v1/changes/{change_id}/undo"): "signed_in",
    ("GET", "/v1/previews/{image_id}"): "anyone",
    ("GET", "/v1/downloads/{image_id}"): "anyone",
    ("GET", "/v1/downloads/{image_id}/formats"): "anyone",
    ("POST", "/v1/archives"): "anyone",
}

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PUT", "/v1/subscription"): {"plan": "plus"},
    ("PUT", "/v1/admin/users/{user_id}/subscription"): {"plan": "free"},
    ("POST", "/v1/generations"): {"prompt": "x"},
    ("PUT", "/v1/preferences"): {"visibility": "public"},
    ("PATCH", "/v1/images/{image_id}"): {"visibility": "public"},
    ("POST", "/v1/changes"): {"image_ids": ["img_unknown"], "visibility": "public"},
    ("POST", "/v1/archives"): {"image_ids": ["img_unknown"]},
}


async def found(http: httpx.AsyncClient) -> set[tuple[str, str]]:
    """Read the routes off the documents."""
    routes = set()
    for service in SERVICES:
        document = (await http.get(f"/openapi/{service}.json")).json()
        routes |= {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    return routes


async def test_table_names_every_route_there_is(http: httpx.AsyncClient) -> None:
    assert await found(http) == set(ROUTES)


def refusal(rule: str, who: Person, anonymous: Person, operator: Person) -> tuple[int, str]:
    """Give what the rule refuses `who` with; 0 when it lets them in."""
    if rule != "anyone" and who is anonymous:
        return 401, "sign_in_required"
    if rule == "operators" and who is not operator:
        return 403, "operators_only"
    return 0, ""


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES), ids=lambda it: it)
async def test_route_lets_in_whom_the_table_says(
    http: httpx.AsyncClient, anonymous: Person, stranger: Person, operator: Person, method: str, path: str
) -> None:
    rule, body = ROUTES[method, path], BODIES.get((method, path))
    address = path.format(user_id="user_nobody", generation_id="gen_x", image_id="img_x", change_id="chg_x")
    options: dict[str, Any] = {} if body is None else {"json": body}
    if method != "DELETE" or "subscription" not in path:
        answers = {who: await who.ask(method, address, **options) for who in (anonymous, stranger, operator)}
    else:
        answers = {anonymous: await anonymous.ask(method, address)}
    for who, answer in answers.items():
        status, code = refusal(rule, who, anonymous, operator)
        if status:
            assert (answer.status_code, answer.json()["code"]) == (status, code)
        else:
            assert answer.status_code not in {401, 403, 500}, answer.text
    forged = await http.request(method, address, headers={"Authorization": "Bearer e30.e30.x"}, **options)
    assert forged.status_code == (200 if path == "/v1/plans" else 401)
