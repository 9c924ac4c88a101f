"""Members whose plan comes and goes: what needs the plan must be refused once its end was answered as enforced."""

import asyncio
import random

from tests.chaos.history import Call, History, To, end, now_ns
from tests.chaos.surfaces import PLAN_SURFACES, Surface
from tests.chaos.world import Person, World

_FOLLOW_WITHIN_S = 30.0
_ASK_EVERY_S = 0.1


class Members:
    """Changes plans and asks for what they allow."""

    def __init__(self, world: World, history: History, chance: random.Random) -> None:
        self._world = world
        self._history = history
        self._chance = chance
        self._member = world.person("member")
        self._is_paying = False

    async def flip(self) -> None:
        """Take the plan, or end it."""
        member, to = self._member, "hidden" if self._is_paying else "shown"
        call = self._history.begin_change(_subject(member), _to(to), "subscription", "entitlement-1")
        if to == "shown":
            answer = await self._world.ask(
                "entitlement-1", member, "PUT", "/v1/subscription", {"plan": "plus"}, timeout_s=12
            )
        else:
            answer = await self._world.ask("entitlement-1", member, "DELETE", "/v1/subscription?when=now", timeout_s=12)
        if answer.status not in {200, 202}:
            # It may still take effect, and plans know no If-Match: this member's story ends here.
            call.status = answer.status
            self._member, self._is_paying = self._world.person("member"), False
            return
        version = int(answer.json()["version"])
        end(call, "enforced" if answer.status == 200 else "accepted", answer.status, version)
        self._is_paying = to == "shown"
        if answer.status == 202:
            await self._follow(member, _to(to), version)
        if to == "hidden":
            await self.volley()

    async def volley(self) -> None:
        """Ask everything on every replica at once."""
        await asyncio.gather(
            *(
                self.probe(surface, process.name)
                for surface in PLAN_SURFACES
                for process in self._world.stack.replicas(surface.service)
                if process.is_running
            )
        )

    async def probe(self, surface: Surface, name: str) -> None:
        """Ask once."""
        member, control = self._member, self._world.control
        if control is None:
            return
        body = surface.body(control.id) if surface.body else None
        call = Call("read", _subject(member), surface.name, name, "member", now_ns())
        path = surface.path.format(image=control.id)
        answer = await self._world.ask(name, member, surface.method, path, body, headers=dict(surface.headers))
        call.end_ns, call.status = now_ns(), answer.status
        call.outcome = surface.judge(answer, control.id)
        self._history.read(call)

    async def probe_some(self) -> None:
        """Ask something somewhere."""
        surface = self._chance.choices(PLAN_SURFACES, [it.weight for it in PLAN_SURFACES])[0]
        running = [it.name for it in self._world.stack.replicas(surface.service) if it.is_running]
        if running:
            await self.probe(surface, self._chance.choice(running))

    async def _follow(self, member: Person, to: To, version: int) -> None:
        try:
            async with asyncio.timeout(_FOLLOW_WITHIN_S):
                while True:
                    start_ns = now_ns()
                    answer = await self._world.ask("entitlement-1", member, "GET", "/v1/entitlement")
                    if answer.status == 200:
                        seen = answer.json()
                        if seen["version"] != version:
                            return
                        if seen["change"]["state"] == "enforced":
                            break
                    await asyncio.sleep(_ASK_EVERY_S)
        except TimeoutError:
            return
        self._history.told(_subject(member), to, version, "entitlement", "entitlement-1", start_ns)


def _subject(member: Person) -> str:
    return f"plan:{member.user_id}"


def _to(text: str) -> To:
    return "hidden" if text == "hidden" else "shown"
