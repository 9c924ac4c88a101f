"""Two people at two browsers: what one makes private, the other's open page loses at its next request."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from playwright.async_api import Response, expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitor, Visitors

TURN_EVERY_S = 0.4
GONE = 404


@dataclass
class Answers:
    """What one page was answered about one image from now on."""

    visitor: Visitor
    image_id: str
    statuses: list[int]

    @classmethod
    def of(cls, visitor: Visitor, image_id: str) -> "Answers":
        answers = cls(visitor, image_id, [])
        visitor.page.on("response", answers._on_response)
        return answers

    def _on_response(self, response: Response) -> None:
        if "/v1/" in response.url and self.image_id in response.url:
            self.statuses.append(response.status)


async def open_explore(stranger: Visitor, image_id: str) -> None:
    await stranger.page.goto("/explore")
    await stranger.shown(image_id)


async def open_image(stranger: Visitor, image_id: str) -> None:
    await stranger.page.goto(f"/explore/{image_id}")
    await expect(stranger.details().locator("img")).to_be_visible()


async def open_from_list(stranger: Visitor, image_id: str) -> None:
    await open_explore(stranger, image_id)
    await stranger.tile(image_id).get_by_role("link").click()
    await expect(stranger.details().locator("img")).to_be_visible()


async def open_download_menu(stranger: Visitor, image_id: str) -> None:
    await open_image(stranger, image_id)
    await stranger.page.get_by_role("button", name="Download").click()
    await expect(stranger.page.get_by_role("menuitem", name="JPG")).to_be_visible()


async def scroll(stranger: Visitor, image_id: str) -> bool:
    """Turn the wheel until the page has asked for the picture again."""
    page = stranger.page
    await page.set_viewport_size({"width": 1280, "height": 240})
    asked = asyncio.ensure_future(page.wait_for_event("response", lambda it: image_id in it.url))
    step = 120
    while not asked.done():
        await page.mouse.wheel(0, step)
        await asyncio.wait([asked], timeout=TURN_EVERY_S)
        step = -step
    await (await asked).finished()
    return await is_shown(stranger, image_id, (await asked).ok)


async def is_shown(stranger: Visitor, image_id: str, expected: bool) -> bool:
    """Tell whether Explore shows the image, once that is as expected."""
    await expect(stranger.tile(image_id).locator("img")).to_have_count(1 if expected else 0)
    return expected


async def open_one(stranger: Visitor, image_id: str) -> bool:
    async with stranger.page.expect_response(f"**/v1/images/{image_id}") as asked:
        await stranger.tile(image_id).get_by_role("link").click()
    return await is_opened(stranger, image_id, (await asked.value).ok)


async def reopen(stranger: Visitor, image_id: str) -> bool:
    """Leave the opened image, and come to it again by the browser's own button."""
    await stranger.page.get_by_role("button", name="Close").click()
    await expect(stranger.details()).to_be_hidden()
    async with stranger.page.expect_response(f"**/v1/images/{image_id}") as asked:
        await stranger.page.go_forward()
    return await is_opened(stranger, image_id, (await asked.value).ok)


async def is_opened(stranger: Visitor, image_id: str, expected: bool) -> bool:
    """Tell whether the image is opened, once that is as expected."""
    if expected:
        await expect(stranger.details().locator("img")).to_be_visible()
    else:
        await expect(stranger.details()).to_contain_text("There is nothing here")
        await expect(stranger.details().locator("img")).to_have_count(0)
        await expect(stranger.tile(image_id)).to_have_count(0)
    return expected


async def reload_list(stranger: Visitor, image_id: str) -> bool:
    async with stranger.page.expect_response("**/v1/explore*") as asked:
        await stranger.page.reload()
    return await is_shown(stranger, image_id, image_id in await (await asked.value).text())


async def reload_image(stranger: Visitor, image_id: str) -> bool:
    async with stranger.page.expect_response(f"**/v1/images/{image_id}") as asked:
        await stranger.page.reload()
    return await is_opened(stranger, image_id, (await asked.value).ok)


async def download(stranger: Visitor, image_id: str) -> bool:
    async with stranger.page.expect_response(f"**/v1/downloads/{image_id}?*") as asked:
        await stranger.page.get_by_role("menuitem", name="JPG").click()
    is_got = (await asked.value).ok
    if not is_got:
        await expect(stranger.page.get_by_role("alert").first).to_contain_text("There is nothing here")
    return is_got


Opening = Callable[[Visitor, str], Awaitable[None]]
Use = Callable[[Visitor, str], Awaitable[bool]]


@pytest.mark.parametrize(
    ("opened", "use"),
    [
        pytest.param(open_explore, scroll, id="scrolling"),
        pytest.param(open_explore, open_one, id="opening"),
        pytest.param(open_from_list, reopen, id="going to it again"),
        pytest.param(open_explore, reload_list, id="reloading the list"),
        pytest.param(open_image, reload_image, id="reloading the image"),
        pytest.param(open_download_menu, download, id="downloading"),
    ],
)
async def test_stranger_loses_what_its_owner_made_private_at_the_next_request(
    visitor: Visitors, owner: Owner, opened: Opening, use: Use
) -> None:
    person = await owner()
    (image_id,) = await person.generate("watched by somebody", visibility="public")
    assert person.user_id is not None
    at_home, stranger = await visitor(), await visitor()
    await at_home.sign_in(person.user_id)
    await at_home.tile(image_id).get_by_role("link").click()

    await opened(stranger, image_id)
    assert await use(stranger, image_id), "a public image is there: else what follows would prove nothing"
    await opened(stranger, image_id)
    await at_home.choose_for_opened("Private")
    await expect(at_home.page.get_by_test_id("change-result")).to_contain_text("Removed from 2 of 2 places")

    answers = Answers.of(stranger, image_id)
    assert not await use(stranger, image_id)
    # Not only in the end: no request since the owner's answer was told more than of an id that never existed.
    assert set(answers.statuses) <= {GONE}
