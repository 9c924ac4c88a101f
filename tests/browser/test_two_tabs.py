"""Two tabs of one person agree: what is changed, deleted or chosen in one is so in the other."""

import re

from playwright.async_api import expect
from tests.browser.visitor import Visitors


async def test_two_tabs_of_one_person_agree(visitor: Visitors, name: str) -> None:
    person = await visitor()
    page = person.page
    await person.sign_in(name)
    await person.take_plan("Take Plus")
    await page.goto("/creations/all")
    await person.generate("seen in two tabs", "Public")
    image_id = await person.only_image()
    tile = f"[data-image='{image_id}']"
    other = await person.context.new_page()
    await other.goto(f"/creations/all/{image_id}")
    details = other.get_by_role("dialog", name="Image details")
    await expect(details.locator(".chip-large")).to_have_text("Public")
    await expect(details.locator(".history li")).to_have_count(1)

    # A page in the background draws once a second, and is only looked at from here on.
    await page.bring_to_front()
    await person.tile(image_id).get_by_role("link").click()
    await person.choose_for_opened("Private")
    await expect(details.locator(".chip-large")).to_have_text("Private")
    await expect(details.locator(".history li")).to_have_count(2)
    await page.keyboard.press("Escape")
    await person.choose_visibility("Private")
    await other.keyboard.press("Escape")
    await expect(other.locator(f"{tile} .tile-lock")).to_be_visible()
    await expect(other.get_by_role("button", name="Visibility:")).to_have_text("Private")
    await expect(other.get_by_role("link", name="Private 1")).to_be_visible()

    await person.generate("made in one of two tabs", "Private")
    await expect(other.locator(".tile")).to_have_count(2)
    await person.tile(image_id).get_by_role("link").click()
    await page.get_by_role("button", name="Delete").click()
    await page.locator("dialog").get_by_role("button", name="Delete").click()
    await expect(other.locator(tile)).to_have_count(0)

    await page.goto("/account")
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await page.get_by_role("button", name="End it now").click()
    await expect(other.get_by_text("Your plan doesn't include private images now")).to_be_visible()
    await other.locator(".tile").get_by_role("link").click()
    await expect(details.locator(".chip-large")).to_have_text("Private")
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/explore")  # signing out loads the page anew
    await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    # No id of what was open stays in the address.
    await expect(other).to_have_url(re.compile("/creations/all$"))
    await expect(other.get_by_role("heading", name="Sign in to see your creations")).to_be_visible()
