"""Owners who change their images, singly and in bulk, and what each answer promises."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tests.chaos.history import History, To, end, now_ns
from tests.chaos.wire import UNANSWERED, Answer
from tests.chaos.world import Image, World

FOLLOW_WITHIN_S = 45.0
_ASK_EVERY_S = 0.1
_NO_EFFECT = {401, 403, 404, 409, 412, 422, 429}

OnHidden = Callable[[Image], Awaitable[None]]


class Writers:
    """Changes images and writes down what was answered. One change of an image at a time, save for `collide`."""

    def __init__(
        self,
        world: World,
        history: History,
        chance: random.Random,
        on_hidden: OnHidden,
        follow_within_s: float = FOLLOW_WITHIN_S,
    ) -> None:
        self._world = world
        self._history = history
        self._chance = chance
        self._on_hidden = on_hidden
        self._follow_within_s = follow_within_s
        self.counts: dict[str, int] = {}
        self.times_ms: list[float] = []

    async def flip(self, image: Image) -> None:
        """Change one image to the other side; hold it there for a moment by leaving it alone."""
        to: To = "hidden" if image.is_shown else "shown"
        await self.change(image, to)

    async def change(self, image: Image, to: To) -> None:
        """PATCH, or DELETE, with the version that the owner has seen."""
        base, name = image.version, self._replica()
        call = self._history.begin_change(image.id, to, "delete" if to == "gone" else "patch", name, base)
        match = {"If-Match": str(base)}
        path = f"/v1/images/{image.id}"
        if to == "gone":
            image.is_gone = True
            answer = await self._world.ask(name, image.owner, "DELETE", path, headers=match, timeout_s=12)
        else:
            body = {"visibility": _WORDS[to]}
            answer = await self._world.ask(name, image.owner, "PATCH", path, body, headers=match, timeout_s=12)
        self._count(call.surface, answer)
        if answer.status in {200, 202}:
            told = answer.json()
            version = base + 1 if to == "gone" else int(told["image"]["version"])
            end(call, "enforced" if answer.status == 200 else "accepted", answer.status, version)
            image.version, image.is_shown = version, to == "shown"
            if answer.status == 200:
                self.times_ms.append((call.end_ns - call.start_ns) / 1e6)
                await self._hidden([image], to)
            else:
                await self._follow(image, to, version, told["change"]["id"])
            return
        if answer.status in _NO_EFFECT:
            end(call, "refused", answer.status)
        else:
            call.status = answer.status  # it stays open: it may take effect at any time
        await self.look(image)

    async def show(self, image: Image) -> None:
        """Make sure that an image is shown, as its owner sees it."""
        if not image.is_shown:
            await self.change(image, "shown")

    async def hide(self, image: Image) -> None:
        """Make sure that an image is hidden."""
        if image.is_shown:
            await self.change(image, "hidden")

    async def seen_hidden(self, image: Image) -> None:
        """Let strangers look at an image that is hidden."""
        if not image.is_shown:
            await self._on_hidden(image)

    async def look(self, image: Image) -> None:
        """Ask for the truth until it is told: that settles what an unknown change has come to."""
        async with asyncio.timeout(self._follow_within_s):
            while True:
                answer = await self._world.ask(self._replica(), image.owner, "GET", f"/v1/images/{image.id}")
                if answer.status == 200:
                    seen = answer.json()
                    image.version, image.is_shown = int(seen["version"]), seen["visibility"] == "public"
                    image.is_gone = False  # a deletion that wasn't answered may not have been made
                    return
                if answer.status == 404:
                    image.is_gone = True
                    return
                await asyncio.sleep(_ASK_EVERY_S)

    async def bulk(self, images: Sequence[Image], to: To) -> None:
        """Change several of one owner's images at once, and perhaps take that back."""
        body = {"image_ids": [image.id for image in images], "visibility": _WORDS[to]}
        change_id = await self._bulk("bulk", "/v1/changes", images, to, body)
        if change_id is not None and self._chance.random() < 0.4:
            back: To = "hidden" if to == "shown" else "shown"
            await self._bulk("undo", f"/v1/changes/{change_id}/undo", images, back, None)
        for image in images:
            await self.look(image)

    async def collide(self, images: Sequence[Image], to: To) -> None:
        """A bulk, and single changes of the same images beside it."""
        single = self._chance.choice(list(images))
        other: To = "shown" if to == "hidden" else "hidden"
        await asyncio.gather(self.bulk(images, to), self.change(single, other))
        await self.look(single)
        await self.read_history(single)

    async def read_history(self, image: Image) -> None:
        """Read what the history says of when changes were enforced: that promises as much as an answer."""
        name, start_ns = self._replica(), now_ns()
        answer = await self._world.ask(name, image.owner, "GET", f"/v1/images/{image.id}/history?limit=3")
        if answer.status == 200:
            for entry in answer.json()["items"]:
                if entry["enforced_at"] is not None and entry["to"] in _TOS:
                    version = int(entry["version"])
                    self._history.told(image.id, _TOS[entry["to"]], version, "history", name, start_ns)

    async def _bulk(self, kind: str, path: str, images: Sequence[Image], to: To, body: Any) -> str | None:
        calls = [self._history.begin_change(image.id, to, kind, "gallery") for image in images]
        owner, key = images[0].owner, {"Idempotency-Key": secrets.token_hex(8)}
        answer = Answer(UNANSWERED, {}, b"")
        try:
            async with asyncio.timeout(self._follow_within_s):
                # Asked again under the same key until it is answered: only then is it known what was begun.
                while answer.status not in {200, 202} and answer.status not in _NO_EFFECT - {429, 409}:
                    answer = await self._world.ask(
                        self._replica(), owner, "POST", path, body, headers=key, timeout_s=12
                    )
                    await asyncio.sleep(0 if answer.status in {200, 202} else _ASK_EVERY_S)
                self._count(kind, answer)
                if answer.status not in {200, 202}:
                    for call in calls:
                        end(call, "refused", answer.status)
                    return None
                seen = answer.json()
                while seen["state"] != "enforced":
                    await asyncio.sleep(_ASK_EVERY_S)
                    said = await self._world.ask(self._replica(), owner, "GET", f"/v1/changes/{seen['id']}")
                    seen = said.json() if said.status == 200 else seen
        except TimeoutError:
            return None  # the calls stay open
        results = {item["image_id"]: item["result"] for item in seen["items"]}
        had_effect = {"changed", "unchanged"} if kind == "bulk" else {"changed"}
        for call in calls:
            end(call, "enforced" if results.get(call.subject) in had_effect else "refused", 200)
        await self._hidden([it for it in images if results.get(it.id) in had_effect], to)
        return str(seen["id"])

    async def _follow(self, image: Image, to: To, version: int, change_id: str) -> None:
        start_ns, name = now_ns(), self._replica()
        try:
            async with asyncio.timeout(self._follow_within_s):
                while True:
                    start_ns, name = now_ns(), self._replica()
                    answer = await self._world.ask(name, image.owner, "GET", f"/v1/changes/{change_id}")
                    if answer.status == 200 and answer.json()["state"] == "enforced":
                        break
                    await asyncio.sleep(_ASK_EVERY_S)
        except TimeoutError:
            self.counts["never enforced"] = self.counts.get("never enforced", 0) + 1
            return
        self._history.told(image.id, to, version, "status", name, start_ns)
        await self._hidden([image], to)

    async def _hidden(self, images: Sequence[Image], to: To) -> None:
        if to != "shown":
            await asyncio.gather(*(self._on_hidden(image) for image in images))

    def _replica(self) -> str:
        running = [it for it in self._world.stack.replicas("gallery") if it.is_running]
        return self._chance.choice(running or self._world.stack.replicas("gallery")).name

    def _count(self, what: str, answer: Answer) -> None:
        name = f"{what} {answer.status or 'unanswered'}"
        self.counts[name] = self.counts.get(name, 0) + 1


_WORDS: dict[To, str] = {"shown": "public", "hidden": "private", "gone": "deleted"}
_TOS: dict[str, To] = {word: to for to, word in _WORDS.items()}
