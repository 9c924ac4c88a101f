"""The demo's three accounts, made through the public API alone: free, plus, and one whose plan has lapsed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

_WITHIN_S = 90.0
_ASK_EVERY_S = 0.2
_TRY_AGAIN: Final = frozenset({httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE})


@dataclass(frozen=True, slots=True)
class Picture:
    """One generation of the demo."""

    prompt: str
    visibility: str
    aspect_ratio: str = "1:1"
    count: int = 1


@dataclass(frozen=True, slots=True)
class Account:
    """One account: the plan under which it generates, and the one that it ends up with."""

    user_id: str
    about: str
    plan: str
    pictures: tuple[Picture, ...]
    then: Mapping[str, str] | None = None


ACCOUNTS: Final = (
    Account(
        "free",
        "Free plan: everything it makes is public",
        "free",
        (
            Picture("a lighthouse above a calm sea at dawn", "public"),
            Picture("dunes under a violet evening sky", "public", "16:9"),
        ),
    ),
    Account(
        "plus",
        "Plus plan: makes private images, in every format",
        "plus",
        (
            Picture("a forest in the first snow", "private", count=2),
            Picture("a garden of paper flowers", "private", "3:4"),
            Picture("northern lights over a mountain lake", "public", "16:9"),
        ),
    ),
    Account(
        "lapsed",
        "Had Plus: its private images are still private",
        "plus",
        (
            Picture("marble with veins of gold", "private"),
            Picture("a city at night in the rain", "private", "16:9"),
            Picture("waves breaking on black rocks", "public"),
        ),
        then={"plan": "free", "state": "ended"},
    ),
)


class DemoError(Exception):
    """The API answered something that the demo can't go on with."""


async def create_demo(client: httpx.AsyncClient) -> list[str]:
    """Make the accounts that have no images yet; give their names. `client` has the stack's address.

    Raises:
        DemoError: an answer that doesn't fit.
        httpx.TransportError: the stack can't be reached.
    """
    operator = await _sign_in(client, "demo-operator", ["operator"])
    made = []
    for account in ACCOUNTS:
        user = await _sign_in(client, account.user_id, [])
        counts = await _ask(client, "GET", "/v1/creations/counts", user)
        if counts["all"]:
            continue
        subscription = f"/v1/admin/users/{account.user_id}/subscription"
        await _ask(client, "PUT", subscription, operator, {"plan": account.plan})
        for picture in account.pictures:
            await _generate(client, user, picture)
        if account.then is not None:
            await _ask(client, "PUT", subscription, operator, dict(account.then))
        made.append(account.user_id)
    return made


async def _generate(client: httpx.AsyncClient, user: dict[str, str], picture: Picture) -> None:
    # One after the other: the free plan has one at a time.
    wanted = {
        "prompt": picture.prompt,
        "visibility": picture.visibility,
        "count": picture.count,
        "aspect_ratio": picture.aspect_ratio,
    }
    submitted = await _ask(client, "POST", "/v1/generations", user, wanted)
    path = f"/v1/generations/{submitted['generation_id']}"
    try:
        async with asyncio.timeout(_WITHIN_S):
            while (state := await _ask(client, "GET", path, user))["status"] in {"queued", "running"}:  # noqa: ASYNC110 - told by HTTP
                await asyncio.sleep(_ASK_EVERY_S)
    except TimeoutError:
        raise DemoError(f"a picture wasn't done within {_WITHIN_S:.0f} s") from None
    if state["status"] != "succeeded":
        raise DemoError(f"a picture {state['status']}: {state['failure']}")


async def _sign_in(client: httpx.AsyncClient, user_id: str, roles: list[str]) -> dict[str, str]:
    answer = await _ask(client, "POST", "/dev/token", {}, {"user_id": user_id, "roles": roles})
    return {"Authorization": f"Bearer {answer['access_token']}"}


async def _ask(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], body: Any = None
) -> dict[str, Any]:
    """Ask until the answer isn't "try again"; these are refused before anything is done, so twice is harmless."""
    try:
        async with asyncio.timeout(_WITHIN_S):
            while True:
                answer = await client.request(method, path, headers=headers, json=body)
                if answer.status_code not in _TRY_AGAIN:
                    break
                await asyncio.sleep(_ASK_EVERY_S)
    except TimeoutError:
        raise DemoError(f"{method} {path} was put off for {_WITHIN_S:.0f} s") from None
    if not answer.is_success:
        raise DemoError(f"{method} {path} answered {answer.status_code}")
    found: dict[str, Any] = answer.json()
    return found
