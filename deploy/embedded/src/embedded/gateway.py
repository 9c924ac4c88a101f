"""The one way in: routes by the first segment after /v1, the page beside it; nothing else exists outside."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import httpx
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from embedded.page import Page
from shared.http.problems import Problem, not_found

ROUTES: Final[Mapping[str, str]] = {
    "plans": "entitlement",
    "entitlement": "entitlement",
    "subscription": "entitlement",
    "admin": "entitlement",
    "generations": "generation",
    "preferences": "generation",
    "explore": "gallery",
    "creations": "gallery",
    "images": "gallery",
    "changes": "gallery",
    "previews": "download",
    "downloads": "download",
    "archives": "download",
}
_HEALTH: Final = ("livez", "readyz")
_ASK_WITHIN_S = 3.0


class Gateway:
    """An ASGI application in front of the services; `attach` each one when it can take requests."""

    def __init__(self, issuer: ASGIApp, services: Sequence[str], page: Page | None = None) -> None:
        self._issuer = issuer
        self._page = page
        self._services: dict[str, ASGIApp | None] = dict.fromkeys(services)

    def attach(self, name: str, app: ASGIApp) -> None:
        """Send the requests for `name` to `app` from now on."""
        self._services[name] = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        try:
            app, scope = self._route(scope)
        except Problem as problem:
            app = problem.response()
        await app(scope, receive, send)

    async def states(self, probe: str) -> dict[str, str]:
        """Ask every service's `probe` (livez or readyz): `ok`, `starting`, `not_ready`, or `no_answer`."""
        states = await asyncio.gather(*(self._state(app, probe) for app in self._services.values()))
        return dict(zip(self._services, states, strict=True))

    def _route(self, scope: Scope) -> tuple[ASGIApp, Scope]:
        segments = scope["path"].split("/")[1:]  # decoded, as the services will see it: an encoded dot is a dot
        if "." in segments or ".." in segments:
            raise not_found()
        match segments:
            case ["v1", first, *_] if first in ROUTES:
                return self._service(ROUTES[first]), scope
            case ["openapi", document] if (name := document.removesuffix(".json")) != document:
                return self._service(name), scope
            case ["dev", "jwks" | "token" | "session" | "accounts"]:
                return self._issuer, scope
            case [("livez" | "readyz") as probe]:
                return self._answer_for_all(probe), scope
            case [name, probe] if name in self._services and probe in _HEALTH:
                path = f"/{probe}"
                return self._service(name), {**scope, "path": path, "raw_path": path.encode()}
            case _ if self._page is not None and (found := self._page.at(scope["path"])) is not None:
                return found, scope
            case _:
                raise not_found()

    def _service(self, name: str) -> ASGIApp:
        if name not in self._services:
            raise not_found()
        app = self._services[name]
        if app is None:
            raise Problem(503, "service_unavailable", f"{name} is starting.", retry_after_s=1)
        return app

    def _answer_for_all(self, probe: str) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            states = await self.states(probe)
            fine = {"ok", "starting"} if probe == "livez" else {"ok"}
            if fine.issuperset(states.values()):
                headers = {"Cache-Control": "no-store"}
                await JSONResponse({"status": "ok", "services": states}, headers=headers)(scope, receive, send)
                return
            problem = Problem(503, "not_ready", "Not every service is ready.", retry_after_s=1, services=states)
            await problem.response()(scope, receive, send)

        return answer

    async def _state(self, app: ASGIApp | None, probe: str) -> str:
        if app is None:
            return "starting"
        try:
            async with (
                asyncio.timeout(_ASK_WITHIN_S),
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client,
            ):
                answer = await client.get(f"/{probe}")
        except Exception:  # noqa: BLE001 - whatever a service's probe raises, it isn't well
            return "no_answer"
        if answer.is_success:
            return "ok"
        return "no_answer" if "service_unavailable" in answer.text else "not_ready"
