"""The narrowest screen that is promised: nothing is wider than it, and nothing moves for who wants no motion."""

from playwright.async_api import expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitor, Visitors

NARROWEST = 360
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((it) => it.checkVisibility({ opacityProperty: true }))
  .filter((it) => !it.closest(".visually-hidden, .skip, svg, .segments"))
  .filter((it) => { const box = it.getBoundingClientRect(); return box.right > innerWidth + 0.5 || box.left < -0.5; })
  .map((it) => `${it.tagName}.${it.className}`)"""
MOVING = """() => document.getAnimations().filter((it) => it.effect.getComputedTiming().duration > 1).length"""


async def fits(visitor: Visitor) -> None:
    assert await visitor.page.evaluate(TOO_WIDE) == []
    assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= NARROWEST
    assert await visitor.page.evaluate(MOVING) == 0


async def test_every_screen_fits_the_narrowest_width_and_stands_still(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    await person.generate("narrow", visibility="private", count=4)
    assert person.user_id is not None
    narrow = await visitor(NARROWEST, reduced_motion="reduce", has_touch=True)
    page = narrow.page
    await page.goto("/account")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await fits(narrow)
    await narrow.sign_in(person.user_id)
    await expect(narrow.tiles()).to_have_count(4)
    await page.get_by_label("Prompt", exact=True).click()
    await fits(narrow)
    await page.get_by_role("button", name="Visibility:").click()
    await fits(narrow)
    await page.keyboard.press("Escape")
    for index in range(3):
        await narrow.tiles().nth(index).get_by_role("button", name="Select").click()
    await expect(page.get_by_role("region", name="Selected images")).to_contain_text("3 selected")
    await fits(narrow)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Make public").click()
    await expect(page.locator(".bulk-result")).to_contain_text("3 images made public.")
    await fits(narrow)
    await narrow.tiles().first.get_by_role("link").click()
    await narrow.choose_for_opened("Private")
    await expect(page.get_by_test_id("change-result")).to_contain_text("Removed from 2 of 2 places")
    await page.get_by_role("button", name="Look").click()
    await expect(page.locator(".findings li")).to_have_count(8)
    await fits(narrow)
    await page.get_by_role("button", name="Close").click()
    await page.goto("/account")
    await expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    await fits(narrow)
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await fits(narrow)
