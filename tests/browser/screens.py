"""Pictures of every screen, in both themes and at both widths: `python -m tests.browser.screens docs/screens`."""

import asyncio
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
from PIL import Image
from playwright.async_api import Browser, Locator, expect
from tests.browser.chromium import chromium
from tests.browser.visitor import GENERATED_WITHIN_MS, WITHIN_MS, Visitor, Visitors
from tests.e2e.api_client import Person, sign_in
from tests.e2e.stack import running

from embedded.demo import create_demo

WIDTHS = (1280, 390)
THEMES = ("light", "dark")
QUALITY = 62
STRIP_WIDTH = 960
FRAME_MS = 2_200
# A group that nobody runs: what it should enforce stays pending.
NOBODYS_GROUP = "newsletter:commit_only"
MORE_FOR_EXPLORE = (
    ("a red balloon over green hills", "4:3"),
    ("a harbour in the evening sun", "16:9"),
    ("a quiet street in autumn", "3:4"),
    ("planets above a desert", "3:2"),
    ("a birch forest in spring", "1:1"),
)


@dataclass
class Album:
    """Takes the pictures of one visitor's screens."""

    folder: Path
    visitor: Visitor
    suffix: str

    async def take(self, name: str) -> None:
        """Keep what is on the screen now, once its pictures are there."""
        page = self.visitor.page
        await page.wait_for_load_state("networkidle")
        await page.wait_for_function(
            "[...document.images].every((it) => it.complete) && document.fonts.status === 'loaded'"
        )
        png = await page.screenshot(animations="disabled")
        Image.open(io.BytesIO(png)).convert("RGB").save(
            self.folder / f"{name}-{self.suffix}.webp", quality=QUALITY, method=6
        )


async def walk(album: Album) -> None:
    """Go through the screens as somebody with the Plus plan."""
    visitor, page = album.visitor, album.visitor.page
    await page.goto("/explore")
    await expect(visitor.tiles().first.locator("img")).to_be_visible()
    await album.take("explore")
    await page.goto("/creations/all")
    await expect(page.locator(".picker-account").first).to_be_visible()
    await album.take("sign-in")
    await visitor.sign_in("plus")
    await expect(visitor.tiles().first.locator("img")).to_be_visible()
    await page.get_by_label("Prompt", exact=True).fill("a garden of paper flowers, soft light")
    await page.get_by_role("button", name="Visibility:").click()
    await expect(page.get_by_role("menuitemradio", name="Private")).to_be_visible()
    await album.take("prompt")
    await page.keyboard.press("Escape")
    await page.get_by_label("Prompt", exact=True).fill("")
    await page.get_by_role("link", name="All ").click()
    await _select(visitor, (0, 1))
    await page.get_by_role("button", name="More").click()
    await expect(page.get_by_role("menuitem", name="Make private")).to_be_visible()
    await album.take("creations")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Select nothing").click()
    await _open_private(visitor)
    await album.take("details")
    await page.get_by_role("button", name="Look").click()
    await expect(page.locator(".findings li")).to_have_count(8)
    await page.locator(".stranger-summary").scroll_into_view_if_needed()
    await album.take("stranger")
    await page.goto("/account")
    await expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    await album.take("account")


async def walk_others(album: Album) -> None:
    """Go through what others see: after a plan ended, and at the very beginning."""
    visitor, page = album.visitor, album.visitor.page
    await visitor.sign_in("lapsed")
    await expect(page.get_by_text("Your plan has ended")).to_be_visible()
    await expect(visitor.tiles().first.locator("img")).to_be_visible()
    await page.mouse.move(0, 0)
    await album.take("lapsed")
    await visitor.sign_in("newcomer")
    await expect(page.get_by_text("Nothing here yet")).to_be_visible()
    await album.take("empty")


async def pending(album: Album, name: str) -> None:
    """Show a change that one place hasn't confirmed."""
    visitor, page = album.visitor, album.visitor.page
    await visitor.sign_in(name)
    await visitor.tiles().first.get_by_role("link").click()
    await visitor.choose_for_opened("Private")
    await expect(page.get_by_test_id("change-result")).to_contain_text("Still pending: newsletter")
    await album.take("pending")


async def strip(folder: Path, visitor: Visitor) -> None:
    """Animate generate, make private, view as stranger."""
    page = visitor.page
    frames: list[Image.Image] = []

    async def frame() -> None:
        await page.wait_for_function("[...document.images].every((it) => it.complete)")
        picture = Image.open(io.BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
        frames.append(picture.resize((STRIP_WIDTH, STRIP_WIDTH * picture.height // picture.width)))

    await visitor.sign_in("newcomer")
    await visitor.take_plan("Take Plus")
    await page.goto("/creations/all")
    await page.get_by_label("Prompt", exact=True).fill("northern lights over a mountain lake")
    await frame()
    await page.get_by_role("button", name="Generate").click()
    await expect(page.locator(".card")).to_have_attribute("data-state", "succeeded", timeout=GENERATED_WITHIN_MS)
    await expect(visitor.tiles().first.locator("img")).to_be_visible()
    await frame()
    await visitor.tiles().first.get_by_role("link").click()
    await expect(page.locator(".details-image img")).to_be_visible()
    await frame()
    await page.locator(".details .chip-large").click()
    await frame()
    await page.get_by_role("menuitemradio", name="Private").click()
    await expect(page.get_by_test_id("change-result")).to_contain_text("Removed from")
    await frame()
    await page.get_by_role("button", name="Look").click()
    await expect(page.locator(".findings li")).to_have_count(8)
    await frame()
    # Whole frames: a difference to the one before would keep a faint trace of it.
    frames[0].save(
        folder / "walkthrough.webp",
        save_all=True,
        append_images=frames[1:],
        duration=FRAME_MS,
        loop=0,
        quality=60,
        kmax=1,
    )


async def _select(visitor: Visitor, indices: tuple[int, ...]) -> None:
    for index in indices:
        await visitor.tiles().nth(index).hover()
        await visitor.tiles().nth(index).get_by_role("button", name="Select").click()


async def _open_private(visitor: Visitor) -> None:
    await visitor.page.locator(".tile:has(.tile-lock) a").first.click()
    await expect(visitor.page.locator(".details-image img")).to_be_visible()
    await _twice_changed(visitor)


async def _twice_changed(visitor: Visitor) -> None:
    result: Locator = visitor.page.get_by_test_id("change-result")
    newest = visitor.page.locator(".history li").first
    await visitor.choose_for_opened("Public")
    await expect(result).to_contain_text("Shown in")
    await expect(newest).to_contain_text("Public by you")
    await visitor.choose_for_opened("Private")
    await expect(result).to_contain_text("Removed from")
    await expect(newest).to_contain_text("Private by you")


async def furnish(http: httpx.AsyncClient) -> None:
    """Make the demo's accounts, and some more for Explore."""
    await create_demo(http)
    person = await sign_in(http, "maker", [])
    for prompt, ratio in MORE_FOR_EXPLORE:
        await person.generate(prompt, visibility="public", aspect_ratio=ratio)


async def all_screens(folder: Path, browser: Browser, base_url: str) -> None:
    """Take every picture but the pending change's."""
    visitors = Visitors(browser, base_url)
    for width in WIDTHS:
        for theme in THEMES:
            for walked in (walk, walk_others):
                visitor = await visitors(width, color_scheme=theme, reduced_motion="reduce")
                await walked(Album(folder, visitor, f"{theme}-{width}"))
                await visitor.context.close()
    await strip(folder, await visitors(reduced_motion="reduce"))


async def pending_screens(folder: Path, browser: Browser, base_url: str, person: Person) -> None:
    """Take the pictures of a change that isn't everywhere yet."""
    visitors = Visitors(browser, base_url)
    assert person.user_id is not None
    for width in WIDTHS:
        for theme in THEMES:
            await person.generate("dunes under a violet evening sky", visibility="public")
            visitor = await visitors(width, color_scheme=theme, reduced_motion="reduce")
            await pending(Album(folder, visitor, f"{theme}-{width}"), person.user_id)
            await visitor.context.close()


async def main(folder: Path) -> None:
    """Start a system of its own, and take the pictures."""
    expect.set_options(timeout=WITHIN_MS)
    async with chromium() as browser:
        with tempfile.TemporaryDirectory() as kept:
            async with (
                running(Path(kept) / "data") as stack,
                httpx.AsyncClient(base_url=stack.base_url, timeout=30) as http,
            ):
                await furnish(http)
                await all_screens(folder, browser, stack.base_url)
        with tempfile.TemporaryDirectory() as kept:
            async with (
                running(Path(kept) / "data", VISIBILITY_ENFORCERS=f"download,{NOBODYS_GROUP}") as stack,
                httpx.AsyncClient(base_url=stack.base_url, timeout=30) as http,
            ):
                person = await sign_in(http, "plus", [])
                await person.subscribed("plus")
                await pending_screens(folder, browser, stack.base_url, person)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
