"""A tab that falls asleep as a browser's own do: hidden behind another one, then frozen.

Playwright keeps each page that it knows in focus, and no such page is ever hidden. It doesn't know this one, which is
driven by Chromium's protocol alone, in a profile of its own.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, CDPSession
from tests.browser.visitor import WITHIN_MS

LOOK_EVERY_S = 0.05


class Tab:
    """What a test does with it."""

    def __init__(self, browser: CDPSession, profile: str, target: str, session: str) -> None:
        self._browser = browser
        self._profile = profile
        self._target = target
        self._session = session
        self._cover: str | None = None
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        browser.on("Target.receivedMessageFromTarget", self._on_message)

    def _on_message(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        if event["sessionId"] == self._session and message.get("id") in self._answers:
            self._answers[message["id"]].set_result(message)

    async def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = len(self._answers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        message = json.dumps({"id": number, "method": method, "params": parameters})
        await self._browser.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": message})
        async with asyncio.timeout(WITHIN_MS / 1_000):
            return dict((await answer).get("result", {}))

    async def evaluate(self, script: str) -> Any:
        """Run a script, and wait for its promise; None when it fails, as beside a page that is only just coming."""
        answer = await self._ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return None if "exceptionDetails" in answer else answer.get("result", {}).get("value")

    async def until(self, script: str, expected: Any = True) -> None:
        """Wait until a script gives what is expected."""
        deadline = time.monotonic() + WITHIN_MS / 1_000
        while (found := await self.evaluate(script)) != expected:
            assert time.monotonic() < deadline, f"{script} gives {found!r}, not {expected!r}"
            await asyncio.sleep(LOOK_EVERY_S)

    async def fall_asleep(self) -> None:
        """Come to be hidden, then frozen: from here on it runs nothing and hears nothing."""
        await self.evaluate("document.addEventListener('freeze', () => { window.slept = true })")
        target = {"url": "about:blank", "browserContextId": self._profile}
        self._cover = (await self._browser.send("Target.createTarget", target))["targetId"]
        await self.until("document.visibilityState", "hidden")
        await self._ask("Page.setWebLifecycleState", state="frozen")
        await self.until("window.slept")

    async def wake(self) -> None:
        """Be looked at again; it is still the page that fell asleep."""
        await self._ask("Page.setWebLifecycleState", state="active")
        await self._browser.send("Target.closeTarget", {"targetId": self._cover})
        await self._browser.send("Target.activateTarget", {"targetId": self._target})
        await self.until("document.visibilityState", "visible")


@asynccontextmanager
async def tab(browser: Browser, address: str) -> AsyncGenerator[Tab, None]:
    """Open one, in a profile without cookies; all of it is gone when the context ends."""
    session = await browser.new_browser_cdp_session()
    profile = (await session.send("Target.createBrowserContext"))["browserContextId"]
    try:
        target = (await session.send("Target.createTarget", {"url": address, "browserContextId": profile}))["targetId"]
        attached = await session.send("Target.attachToTarget", {"targetId": target, "flatten": False})
        opened = Tab(session, profile, target, attached["sessionId"])
        await opened.until(f"location.href.startsWith({json.dumps(address)}) && document.readyState", "complete")
        yield opened
    finally:
        await session.send("Target.disposeBrowserContext", {"browserContextId": profile})
        await session.detach()
