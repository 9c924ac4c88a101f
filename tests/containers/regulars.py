"""People who use what the campaign's people don't: plans, preferences and generations, read and changed."""

import asyncio
from collections import Counter

from tests.chaos.wire import Answer
from tests.chaos.world import World

_READS = (
    ("entitlement", "/v1/plans"),
    ("entitlement", "/v1/entitlement"),
    ("generation", "/v1/preferences"),
    ("generation", "/v1/generations?limit=5"),
)
_READ_EVERY_S = 0.02
_CHANGE_EVERY_S = 0.5


class Regulars:
    """One member who goes on as if nothing had happened, and what that was answered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._member = world.person("regular")
        self.reads = 0
        self.failed_reads: list[str] = []
        self.changes: Counter[str] = Counter()

    async def read_forever(self) -> None:
        """Read one thing after the other until cancelled."""
        while True:
            for service, path in _READS:
                answer = await self._world.ask(f"{service}-1", self._member, "GET", path)
                self.reads += 1
                if answer.status != 200:
                    self.failed_reads.append(f"GET {path} {answer.status or 'unanswered'}")
                await asyncio.sleep(_READ_EVERY_S)

    async def change_forever(self) -> None:
        """Take plans and turn preferences, back and forth, until cancelled."""
        while True:
            for plan, visibility in (("pro", "private"), ("plus", "public")):
                await self._change("entitlement", "/v1/subscription", {"plan": plan, "when": "now"})
                await self._change("generation", "/v1/preferences", {"visibility": visibility})

    async def _change(self, service: str, path: str, body: dict[str, str]) -> None:
        # Not again under the same name: what was answered 503 is simply asked for anew at the next turn.
        answer = await self._world.ask(f"{service}-1", self._member, "PUT", path, body, timeout_s=12)
        self.count(path.rpartition("/")[2], answer)
        await asyncio.sleep(_CHANGE_EVERY_S)

    def count(self, what: str, answer: Answer) -> None:
        """Count how a change was answered."""
        self.changes[f"{what} {answer.status or 'unanswered'}"] += 1
