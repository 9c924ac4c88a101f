"""Two people at once: what one makes private, the other's open page loses at its next request."""

import zipfile
from io import BytesIO

from playwright.async_api import Page, expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitor, Visitors
from tests.e2e.api_client import Person, eventually


async def watching(visitor: Visitors, owner: Owner, count: int = 1) -> tuple[Visitor, Person, list[str]]:
    """Give a stranger who has Explore open, and an owner whose public images are in it."""
    person = await owner()
    images = await person.generate("watched by somebody", visibility="public", count=count)
    stranger = await visitor()
    await stranger.page.goto("/explore")
    for image_id in images:
        await stranger.shown(image_id)
    return stranger, person, images


async def made_private(person: Person, image_id: str) -> None:
    answer = await person.make(image_id, "private")
    assert (answer.status_code, answer.json()["change"]["state"]) == (200, "enforced"), answer.text


async def anonymous_status(page: Page, path: str) -> int:
    return int(await page.evaluate("async (path) => (await fetch(path)).status", path))


async def test_scrolling_on_loses_it(visitor: Visitors, owner: Owner) -> None:
    stranger, person, (image_id, kept) = await watching(visitor, owner, 2)
    await made_private(person, image_id)

    # Nothing was told to this page: what it does next is a request, and that one is answered as to any stranger.
    async def is_lost_on_scrolling() -> bool:
        await stranger.page.evaluate("dispatchEvent(new Event('scrollend'))")
        return await stranger.tile(image_id).count() == 0

    await eventually(is_lost_on_scrolling)
    await expect(stranger.tile(kept)).to_have_count(1)


async def test_opening_loses_it(visitor: Visitors, owner: Owner) -> None:
    stranger, person, (image_id,) = await watching(visitor, owner)
    await made_private(person, image_id)
    await stranger.tile(image_id).get_by_role("link").click()
    details = stranger.page.get_by_role("dialog", name="Image details")
    await expect(details).to_contain_text("There is nothing here")
    await expect(details.locator("img")).to_have_count(0)
    await expect(stranger.tile(image_id)).to_have_count(0)


async def test_opened_image_is_lost_when_the_person_looks_again(visitor: Visitors, owner: Owner) -> None:
    stranger, person, (image_id,) = await watching(visitor, owner)
    await stranger.tile(image_id).get_by_role("link").click()
    details = stranger.page.get_by_role("dialog", name="Image details")
    await expect(details.locator("img")).to_be_visible()
    await made_private(person, image_id)
    await stranger.page.get_by_role("button", name="Close").click()
    await stranger.page.go_forward()
    await expect(details).to_contain_text("There is nothing here")
    await expect(details.locator("img")).to_have_count(0)


async def test_reloading_loses_it(visitor: Visitors, owner: Owner) -> None:
    stranger, person, (image_id, kept) = await watching(visitor, owner, 2)
    await made_private(person, image_id)
    await stranger.page.reload()
    await stranger.shown(kept)
    assert image_id not in await stranger.image_ids()
    for path in (f"/v1/previews/{image_id}?width=256", f"/v1/previews/{image_id}?width=1024", f"/v1/images/{image_id}"):
        assert await anonymous_status(stranger.page, path) == 404


async def test_downloading_loses_it(visitor: Visitors, owner: Owner) -> None:
    stranger, person, (image_id,) = await watching(visitor, owner)
    page = stranger.page
    await stranger.tile(image_id).get_by_role("link").click()
    await page.get_by_role("button", name="Download").click()
    await expect(page.get_by_role("menuitem", name="JPG")).to_be_visible()
    await made_private(person, image_id)
    await page.get_by_role("menuitem", name="JPG").click()
    await expect(page.get_by_role("alert").first).to_contain_text("There is nothing here")

    answer = await person.http.post("/v1/archives", json={"image_ids": [image_id], "format": "jpg"})
    assert zipfile.ZipFile(BytesIO(answer.content)).namelist() == []


async def test_two_tabs_of_one_person_agree(visitor: Visitors, name: str) -> None:
    person = await visitor()
    await person.sign_in(name)
    await person.generate("seen in two tabs", "Public")
    image_id = await person.only_image()
    other = await person.context.new_page()
    await other.goto("/creations/public")
    await expect(other.locator(f"[data-image='{image_id}']")).to_have_count(1)
    await person.tile(image_id).get_by_role("link").click()
    await person.page.get_by_role("button", name="Delete").click()
    await person.page.locator("dialog").get_by_role("button", name="Delete").click()
    await expect(other.locator(f"[data-image='{image_id}']")).to_have_count(0)
    await person.page.goto("/account")
    await person.page.get_by_role("button", name="Sign out").click()
    await expect(other.get_by_role("heading", name="Sign in to see your creations")).to_be_visible()
