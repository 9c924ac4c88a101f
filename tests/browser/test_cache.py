"""What the browser itself keeps of private images: its own cache is asked."""

from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Request, expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitor, Visitors

FROM_CACHE_ALONE = """(asked) => Promise.all(asked.map(({ url, accept }) =>
  fetch(url, { cache: "only-if-cached", mode: "same-origin", headers: { Accept: accept } })
    .then((answer) => answer.ok ? url : null, () => null)))"""


@dataclass
class Loaded:
    """What a page has asked the services for, and how; so that the cache can be asked just so."""

    visitor: Visitor
    requests: dict[str, str] = field(default_factory=dict)

    @classmethod
    def by(cls, visitor: Visitor) -> "Loaded":
        loaded = cls(visitor)
        visitor.page.on("request", loaded._on_request)
        return loaded

    def _on_request(self, request: Request) -> None:
        if request.method == "GET" and any(part in request.url for part in ("/v1/", "/dev/")):
            self.requests[request.url] = request.headers.get("accept", "*/*")

    def of(self, image_id: str) -> set[str]:
        """The addresses with this id."""
        return {url for url in self.requests if image_id in url}

    async def cached(self) -> set[str]:
        """Give what the browser's cache still holds, without a request to any server."""
        asked = [{"url": url, "accept": accept} for url, accept in self.requests.items()]
        found: list[Any] = await self.visitor.page.evaluate(FROM_CACHE_ALONE, asked)
        return {url for url in found if url is not None}


async def test_cache_holds_nothing_of_ones_own_images(visitor: Visitors, owner: Owner) -> None:
    person, other = await owner(), await owner()
    (elses,) = await other.generate("somebody else's", visibility="public")
    (public,) = await person.generate("public, and private afterwards", visibility="public")
    (private,) = await person.generate("always private", visibility="private")
    assert person.user_id is not None
    at_home = await visitor(accept_downloads=True)
    page = at_home.page
    loaded = Loaded.by(at_home)
    await at_home.sign_in(person.user_id)
    for image_id in (public, private):
        await at_home.shown(image_id)
        await at_home.tile(image_id).get_by_role("link").click()
        await expect(at_home.details().locator("img")).to_be_visible()
        async with page.expect_download():
            await page.get_by_role("button", name="Download").click()
            await page.get_by_role("menuitem", name="JPG").click()
        await page.get_by_role("button", name="Close").click()
    # Details, history, formats, previews of two sizes, and a download.
    assert len(loaded.of(private)) >= 6
    # Not while it is public either: it may be made private where this page doesn't ask for it again.
    assert not await loaded.cached() & (loaded.of(public) | loaded.of(private))

    await at_home.tile(public).get_by_role("link").click()
    await at_home.choose_for_opened("Private")
    await expect(page.get_by_test_id("change-result")).to_contain_text("Removed from 2 of 2 places")
    await page.reload()
    await expect(at_home.details().locator("img")).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await at_home.shown(public)
    # The cache is at work, or all this would prove nothing: it holds what others show.
    await page.goto("/explore")
    await at_home.shown(elses)
    in_gallery = loaded.of(elses)
    await at_home.tile(elses).get_by_role("link").click()
    await expect(at_home.details().locator("img")).to_be_visible()
    kept = await loaded.cached()
    only_opened = kept & (loaded.of(elses) - in_gallery)
    assert kept & in_gallery
    assert only_opened
    assert not kept & (loaded.of(public) | loaded.of(private))

    await page.goto("/account")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/explore")  # signing out loads the page anew
    await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    left = await loaded.cached()
    assert not left & (loaded.of(public) | loaded.of(private))
    # Signing out clears the cache: only what the page has loaded since then is there.
    assert not left & only_opened
