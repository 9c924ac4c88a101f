"""Somebody at a browser, so that the tests read like a story."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Response, expect

WITHIN_MS = 25_000
GENERATED_WITHIN_MS = 60_000
READ_WITHIN_S = 5
CLOSED_WITHIN_S = 20


@dataclass
class Traffic:
    """Everything that went over the wire of one browser: addresses, headers and bodies."""

    addresses: list[str] = field(default_factory=list)
    everything: bytearray = field(default_factory=bytearray)
    responses: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    _reading: list[asyncio.Task[None]] = field(default_factory=list)

    def on_response(self, response: Response) -> None:
        """Record an answer and the request that it is for."""
        self._reading.append(asyncio.ensure_future(self._read(response)))

    async def _read(self, response: Response) -> None:
        request = response.request
        self.addresses.append(request.url)
        self.everything += request.url.encode() + repr(await request.all_headers()).encode()
        self.everything += request.post_data_buffer or b""
        headers = await response.all_headers()
        self.responses.append((request.url, response.status, headers))
        self.everything += repr(headers).encode()
        if not request.url.endswith("/events") and response.status not in {204, 304}:
            try:
                async with asyncio.timeout(READ_WITHIN_S):
                    self.everything += await response.body()
            except Exception as error:  # noqa: BLE001 - the browser drops bodies that nobody waits for any more
                self.everything += repr(error).encode()

    async def settled(self) -> "Traffic":
        """Wait until everything so far is recorded."""
        await asyncio.gather(*self._reading, return_exceptions=True)
        return self


class Visitor:
    """A person with a browser of their own."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.traffic = Traffic()
        self.made_for = ""
        self.complaints: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, message: ConsoleMessage) -> None:
        # Answers other than 2xx are logged by the browser itself; everything else there is ours.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    async def sign_in(self, name: str) -> None:
        """Use the account picker."""
        await self.page.goto("/account")
        await self.page.get_by_label("Another name").fill(name)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await self.page.wait_for_url("**/creations/all")

    async def take_plan(self, name: str) -> None:
        """Take a plan on the Account view."""
        await self.page.get_by_role("navigation", name="Main").get_by_role("link").last.click()
        await self.page.get_by_role("button", name=f"{name}", exact=False).filter(has_text=name).click()
        await expect(self.page.locator(".account-state")).to_contain_text(f"{name.rsplit(maxsplit=1)[-1]} plan")

    async def generate(self, prompt: str, visibility: str) -> Locator:
        """Type a prompt, choose the visibility, send; give the card once it is done."""
        await self.page.get_by_label("Prompt", exact=True).click()
        await self.choose_visibility(visibility)
        await self.page.get_by_label("Prompt", exact=True).fill(prompt)
        await self.page.get_by_role("button", name="Generate").click()
        card = self.page.locator(".card").first
        await expect(card.locator(".badge")).to_have_text(visibility)
        await expect(card).to_have_attribute("data-state", "succeeded", timeout=GENERATED_WITHIN_MS)
        return card

    async def choose_visibility(self, visibility: str) -> None:
        """Use the Visibility button of the Prompt Box."""
        button = self.page.get_by_role("button", name="Visibility:")
        await expect(button).to_be_enabled()
        if visibility not in await button.inner_text():
            await button.click()
            await self.page.get_by_role("menuitemradio", name=visibility).click()
        await expect(button).to_have_text(visibility)

    async def choose_for_opened(self, visibility: str) -> None:
        """Use the Public/Private button of the Details Panel."""
        await self.details().locator(".chip-large").click()
        await self.page.get_by_role("menuitemradio", name=visibility).click()

    def details(self) -> Locator:
        """The opened image with its panel."""
        return self.page.get_by_role("dialog", name="Image details")

    def tiles(self) -> Locator:
        """The images in the gallery."""
        return self.page.get_by_role("gridcell")

    def tile(self, image_id: str) -> Locator:
        """One image in the gallery."""
        return self.page.locator(f"[data-image='{image_id}']")

    async def image_ids(self) -> list[str]:
        """The ids of those in the gallery now."""
        return [str(await tile.get_attribute("data-image")) for tile in await self.tiles().all()]

    async def only_image(self) -> str:
        """Give the id of the one image in the gallery, once it is there."""
        await expect(self.tiles()).to_have_count(1)
        (image_id,) = await self.image_ids()
        return image_id

    async def shown(self, image_id: str) -> None:
        """Wait until an image's picture is there."""
        await expect(self.tile(image_id).locator("img")).to_be_visible()


@dataclass
class Visitors:
    """Makes visitors; each has a browser profile of their own."""

    browser: Browser
    base_url: str
    made: list[Visitor] = field(default_factory=list)

    async def __call__(self, width: int = 1280, *, is_recorded: bool = False, **options: Any) -> Visitor:
        """Make one, with all of their traffic recorded or not."""
        context = await self.browser.new_context(
            base_url=self.base_url, viewport={"width": width, "height": 800}, **options
        )
        context.set_default_timeout(WITHIN_MS)
        visitor = Visitor(context, await context.new_page())
        visitor.made_for = self.base_url
        if is_recorded:
            context.on("response", visitor.traffic.on_response)
        self.made.append(visitor)
        return visitor

    async def leave(self) -> None:
        """Close every browser; nobody's page may have complained."""
        complaints = [line for visitor in self.made for line in visitor.complaints]
        for visitor in self.made:
            await visitor.traffic.settled()
            async with asyncio.timeout(CLOSED_WITHIN_S):
                await visitor.context.close()
        self.made.clear()
        assert not complaints, complaints
