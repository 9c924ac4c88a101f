"""Bad input gets a 4xx problem with a stable code, and nothing half-done."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.e2e.api_client import Person

Somebody = Callable[..., Awaitable[Person]]
PROMPT: dict[str, Any] = {"prompt": "fine"}
UNKNOWN = {"image_ids": ["img_unknown"]}

BAD: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/v1/generations", b"{", 400, "malformed_json"),
    ("POST", "/v1/generations", b"[" * 100_000, 400, "malformed_json"),
    ("POST", "/v1/generations", b'{"prompt": "\\ud800"}', 400, "malformed_json"),
    ("POST", "/v1/generations", {"prompt": "nul \0 inside"}, 422, "invalid_request"),
    ("POST", "/v1/generations", {"prompt": "x" * 100_000}, 422, "invalid_request"),
    ("POST", "/v1/generations", {"prompt": "x" * 1_500_000}, 413, "body_too_large"),
    ("POST", "/v1/generations", {"prompt": "   "}, 422, "invalid_request"),
    ("POST", "/v1/generations", {}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "count": 0}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "count": 5}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "count": True}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "aspect_ratio": "5:1"}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "seed": -1}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "visibility": "deleted"}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "visibility": {"$ne": 1}}, 422, "invalid_request"),
    ("POST", "/v1/generations", {"prompt": {"$ne": 1}}, 422, "invalid_request"),
    ("POST", "/v1/generations", {**PROMPT, "owner_id": "somebody"}, 422, "invalid_request"),
    ("PUT", "/v1/preferences", {"visibility": "friends"}, 422, "invalid_request"),
    ("PUT", "/v1/subscription", {"plan": "platinum"}, 422, "invalid_request"),
    ("PUT", "/v1/subscription", {"plan": "team"}, 422, "invalid_request"),
    ("PUT", "/v1/subscription", {"plan": "plus", "when": "yesterday"}, 422, "invalid_request"),
    ("POST", "/v1/changes", {"visibility": "private"}, 422, "invalid_request"),
    ("POST", "/v1/changes", {**UNKNOWN, "select": {}, "visibility": "public"}, 422, "invalid_request"),
    ("POST", "/v1/changes", {"image_ids": [], "visibility": "public"}, 422, "invalid_request"),
    ("POST", "/v1/changes", {"image_ids": ["x" * 65], "visibility": "public"}, 422, "invalid_request"),
    ("POST", "/v1/changes", {"image_ids": [{"$ne": 1}], "visibility": "public"}, 422, "invalid_request"),
    ("POST", "/v1/changes", {"image_ids": ["img_x"] * 10_001, "visibility": "public"}, 422, "invalid_request"),
    ("POST", "/v1/archives", {"image_ids": ["img_x"] * 501}, 422, "invalid_request"),
    ("POST", "/v1/archives", {**UNKNOWN, "format": "gif"}, 422, "invalid_request"),
    ("PATCH", "/v1/images/img_unknown", {"visibility": "deleted"}, 422, "invalid_request"),
    ("GET", "/v1/images/" + "x" * 300, None, 404, "not_found"),
    ("GET", "/v1/images/%00", None, 404, "not_found"),
    ("GET", "/v1/images/$ne", None, 404, "not_found"),
    ("GET", "/v1/previews/" + "x" * 300, None, 404, "not_found"),
    ("GET", "/v1/previews/img_unknown?width=300", None, 422, "invalid_request"),
    ("GET", "/v1/downloads/img_unknown?format=gif", None, 422, "invalid_request"),
    ("GET", "/v1/explore?cursor=tampered", None, 422, "cursor_invalid"),
    ("GET", "/v1/explore?limit=201", None, 422, "invalid_request"),
    ("GET", "/v1/creations?visibility=deleted", None, 422, "invalid_request"),
    ("GET", "/v1/nowhere", None, 404, "not_found"),
    ("GET", "/internal", None, 404, "not_found"),
    ("POST", "/v1/explore", {}, 405, "method_not_allowed"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"), BAD, ids=lambda it: str(it)[:40] if isinstance(it, str | dict) else ""
)
async def test_bad_input_gets_a_problem(
    stranger: Person, method: str, path: str, body: Any, status: int, code: str
) -> None:
    options: dict[str, Any] = {}
    if isinstance(body, bytes):
        options = {"content": body, "headers": {"Content-Type": "application/json"}}
    elif body is not None:
        options = {"json": body}
    answer = await stranger.ask(method, path, **options)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


async def test_wrong_content_type_gets_415(stranger: Person) -> None:
    answer = await stranger.ask("POST", "/v1/generations", content=b"prompt=x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_refused_submissions_leave_nothing_behind(somebody: Somebody) -> None:
    ann = await somebody("plus")
    for body in ({"prompt": "x", "count": 5}, {"prompt": "x" * 100_000}, {"prompt": "\0"}):
        assert (await ann.ask("POST", "/v1/generations", json=body)).status_code == 422
    assert (await ann.get("/v1/generations")).json()["items"] == []
    assert await ann.creations() == []


async def test_problem_never_echoes_a_prompt(stranger: Person) -> None:
    answer = await stranger.ask("POST", "/v1/generations", json={"prompt": "ECHOMARKER", "count": "ECHOMARKER"})
    assert "ECHOMARKER" not in answer.text
