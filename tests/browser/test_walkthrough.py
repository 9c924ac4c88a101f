"""The walkthrough of the product, step by step, at both widths: nothing is done here but what a person does."""

import zipfile

import pytest
from playwright.async_api import expect
from tests.browser.visitor import Visitor, Visitors

pytestmark = pytest.mark.parametrize("width", [1280, 390])


async def subscribed(visitor: Visitors, width: int, name: str) -> Visitor:
    person = await visitor(width, accept_downloads=True)
    await person.sign_in(name)
    await person.take_plan("Take Plus")
    await person.page.goto("/creations/all")
    return person


async def test_generating_privately_is_remembered_for_the_account(visitor: Visitors, width: int, name: str) -> None:
    person = await subscribed(visitor, width, name)
    page = person.page
    await page.get_by_label("Prompt", exact=True).click()
    await expect(page.get_by_role("group", name="Images")).to_be_visible()
    await expect(page.get_by_role("group", name="Shape")).to_be_visible()
    await expect(page.get_by_label("Seed")).to_be_visible()
    button = page.get_by_role("button", name="Visibility:")
    await expect(button).to_have_text("Public")
    await button.click()
    for option in ("Public", "Private"):
        await expect(page.get_by_role("menuitemradio", name=option)).to_be_visible()
    await page.keyboard.press("Escape")

    card = await person.generate("a lighthouse at dawn", "Private")
    await expect(card).to_contain_text("a lighthouse at dawn")
    await expect(page.locator(".tile-lock")).to_have_count(1)

    again = await visitor(width)
    await again.sign_in(name)
    await expect(again.page.get_by_role("button", name="Visibility:")).to_have_text("Private")


async def test_creations_have_tabs_with_counts(visitor: Visitors, width: int, name: str) -> None:
    person = await subscribed(visitor, width, name)
    await person.generate("a calm sea", "Private")
    await person.generate("a green hill", "Public")
    page = person.page
    for tab, count in (("All", 2), ("Public", 1), ("Private", 1)):
        await page.get_by_role("link", name=f"{tab} {count}").click()
        await expect(person.tiles()).to_have_count(count)
        await page.reload()
        await expect(person.tiles()).to_have_count(count)
    await page.go_back()
    await expect(page).to_have_url(f"{page.url.partition('/creations')[0]}/creations/public")


async def test_one_image_is_changed_both_ways_and_seen_as_a_stranger(visitor: Visitors, width: int, name: str) -> None:
    person = await subscribed(visitor, width, name)
    await person.generate("a red house", "Public")
    page = person.page
    await person.tiles().first.get_by_role("link").click()
    details = page.get_by_role("dialog", name="Image details")
    await expect(details).to_contain_text("a red house")

    await details.get_by_role("button", name="Public", exact=True).click()
    await page.get_by_role("menuitemradio", name="Private").click()
    await expect(details.get_by_test_id("change-result")).to_contain_text("Removed from 2 of 2 places in ")
    await details.get_by_role("button", name="Look").click()
    await expect(details.locator(".stranger-summary")).to_have_text("A stranger finds no trace of this image.")
    await expect(details.locator(".findings li")).to_have_count(8)
    await expect(details.locator(".history li")).to_have_count(2)

    await details.get_by_role("button", name="Private", exact=True).click()
    await page.get_by_role("menuitemradio", name="Public").click()
    await expect(details.get_by_test_id("change-result")).to_contain_text("Shown in 2 of 2 places")
    await details.get_by_role("button", name="Look").click()
    await expect(details.locator(".stranger-summary")).to_contain_text("A stranger sees this image in 7 of 8 places")
    await page.get_by_role("button", name="Close").click()
    await expect(details).to_be_hidden()


async def test_many_are_changed_downloaded_undone_and_deleted(visitor: Visitors, width: int, name: str) -> None:
    person = await subscribed(visitor, width, name)
    page = person.page
    await page.get_by_label("Prompt", exact=True).click()
    await page.get_by_role("radio", name="4", exact=True).check()
    await person.generate("paper flowers", "Public")
    await expect(person.tiles()).to_have_count(4)

    await person.tiles().nth(0).hover()
    await person.tiles().nth(0).get_by_role("button", name="Select").click()
    await person.tiles().nth(2).get_by_role("link").click(modifiers=["Shift"])
    panel = page.get_by_role("region", name="Selected images")
    await expect(panel).to_contain_text("3 selected")
    await panel.get_by_role("button", name="Select all 4 matching").click()
    await expect(panel).to_contain_text("4 selected")

    async with page.expect_download() as downloading:
        await panel.get_by_role("button", name="Download").click()
        await page.get_by_role("menuitem", name="Zip of PNG").click()
    with zipfile.ZipFile(await (await downloading.value).path()) as archive:
        assert len(archive.namelist()) == 4
        assert all(entry.endswith(".png") for entry in archive.namelist())

    await panel.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Make private").click()
    result = page.locator(".bulk-result")
    await expect(result).to_contain_text("4 images made private.")
    await expect(result).to_contain_text("Removed from 2 of 2 places")
    await expect(page.locator(".tile-lock")).to_have_count(4)
    await result.get_by_role("button", name="Undo").click()
    await expect(result).to_contain_text("4 images changed back.")
    await expect(page.locator(".tile-lock")).to_have_count(0)

    await person.tiles().nth(1).hover()
    await person.tiles().nth(1).get_by_role("button", name="Select").click()
    await panel.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(result).to_contain_text("1 image deleted.")
    await expect(person.tiles()).to_have_count(3)


async def test_after_the_plan_ends_private_images_stay_private_with_jpg(
    visitor: Visitors, width: int, name: str
) -> None:
    person = await subscribed(visitor, width, name)
    await person.generate("a night sky", "Private")
    page = person.page
    await page.goto("/account")
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await page.get_by_role("button", name="End it now").click()
    await expect(page.locator(".account-state")).to_contain_text("has ended")
    await expect(page.get_by_text("stays private")).to_be_visible()

    await page.goto("/creations/private")
    await expect(page.locator(".tile-lock")).to_have_count(1)
    # Private is still what is remembered: it explains itself, and nothing is sent in its place.
    await expect(page.get_by_text("Your plan doesn't include private images now")).to_be_visible()
    await page.get_by_label("Prompt", exact=True).fill("never sent")
    await expect(page.get_by_role("button", name="Generate")).to_be_disabled()

    await person.tiles().first.get_by_role("link").click()
    await person.details().locator(".chip-large").click()
    await expect(page.get_by_role("menuitemradio", name="Private")).to_contain_text("It stays so without a plan.")
    await expect(page.get_by_role("menuitemradio", name="Public")).to_contain_text("for ten minutes only")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Download").click()
    await expect(page.get_by_role("menuitem", name="PNG")).to_contain_text("Needs the Plus plan")
    async with page.expect_download() as downloading:
        await page.get_by_role("menuitem", name="JPG").click()
    assert (await downloading.value).suggested_filename == "image.jpg"

    await page.goto("/account")
    await page.get_by_role("button", name="Resubscribe to Plus").click()
    await expect(page.locator(".account-state")).to_contain_text("Plus plan, renews")
    await page.goto("/creations/private")
    await person.tiles().first.get_by_role("link").click()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").click()
        await page.get_by_role("menuitem", name="AVIF").click()
    assert (await downloading.value).suggested_filename == "image.avif"
