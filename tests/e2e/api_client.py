"""A tiny client, so that the tests read like a story."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
DONE_WITHIN_S = 60


class Person:
    """Somebody who uses the system; `user_id` None is anonymous."""

    def __init__(self, http: httpx.AsyncClient, user_id: str | None, token: str | None) -> None:
        self.http = http
        self.user_id = user_id
        self.headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with this person's credentials."""
        headers = {**self.headers, **options.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return await self.ask("GET", path, **options)

    async def subscribe(self, plan: str, **more: Any) -> httpx.Response:
        """Take a plan now."""
        return await self.ask("PUT", "/v1/subscription", json={"plan": plan, **more})

    async def subscribed(self, plan: str) -> None:
        """Take a plan now and wait until every service knows."""
        answer = await self.subscribe(plan)
        assert answer.status_code in {200, 202}, answer.text

        async def is_enforced() -> bool:
            return bool((await self.get("/v1/entitlement")).json()["change"]["state"] == "enforced")

        await eventually(is_enforced)

    async def cancel_now(self) -> httpx.Response:
        """End the plan now."""
        return await self.ask("DELETE", "/v1/subscription", params={"when": "now"})

    async def submit(self, prompt: str, **more: Any) -> httpx.Response:
        """Ask for images."""
        return await self.ask("POST", "/v1/generations", json={"prompt": prompt, **more})

    async def generate(self, prompt: str = "a quiet lake", **more: Any) -> list[str]:
        """Ask for images, wait for them and give their ids."""
        answer = await self.submit(prompt, **more)
        assert answer.status_code == 202, answer.text
        finished = await self.finished(answer.json()["generation_id"])
        assert finished["status"] == "succeeded", finished
        return list(finished["image_ids"])

    async def finished(self, generation_id: str) -> dict[str, Any]:
        """Wait until a generation is final."""

        async def is_final() -> dict[str, Any] | None:
            seen = (await self.get(f"/v1/generations/{generation_id}")).json()
            return seen if seen["status"] in {"succeeded", "failed", "cancelled"} else None

        return await eventually(is_final)

    async def make(self, image_id: str, visibility: str) -> httpx.Response:
        """Change one image."""
        return await self.ask("PATCH", f"/v1/images/{image_id}", json={"visibility": visibility})

    async def change(self, visibility: str, key: str | None = None, **which: Any) -> dict[str, Any]:
        """Change many images and wait until that is enforced."""
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = await self.ask("POST", "/v1/changes", json={"visibility": visibility, **which}, headers=headers)
        assert answer.status_code in {200, 202}, answer.text
        return await self.enforced(answer.json()["id"])

    async def enforced(self, change_id: str) -> dict[str, Any]:
        """Wait until a change is enforced."""

        async def is_enforced() -> dict[str, Any] | None:
            seen = (await self.get(f"/v1/changes/{change_id}")).json()
            return seen if seen["state"] == "enforced" else None

        return await eventually(is_enforced)

    async def creations(self, visibility: str = "all") -> list[str]:
        """List my images, newest first, to the end."""
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await self.get("/v1/creations", params={"visibility": visibility, "limit": 50, **cursor})).json()
            found += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


async def eventually(
    condition: Callable[[], Awaitable[T | None]], within_s: float = DONE_WITHIN_S, every_s: float = 0.05
) -> T:
    """Give the condition's value once there is one."""
    async with asyncio.timeout(within_s):
        while True:
            value = await condition()
            if value:
                return value
            await asyncio.sleep(every_s)


async def sign_in(http: httpx.AsyncClient, user_id: str, roles: list[str]) -> Person:
    """Sign somebody in at the development issuer."""
    answer = await http.post("/dev/token", json={"user_id": user_id, "roles": roles})
    assert answer.status_code == 200, answer.text
    return Person(http, user_id, answer.json()["access_token"])
