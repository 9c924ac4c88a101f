"""Signing in by the account picker of the development issuer: the demo's accounts, each with what it is for."""

from playwright.async_api import expect
from tests.browser.visitor import Visitors


async def test_person_picks_a_demo_account_then_another_one(visitor: Visitors) -> None:
    page = (await visitor()).page
    await page.goto("/creations/private")
    await expect(page.locator(".picker-account strong")).to_have_text(["free", "plus", "lapsed"])
    for note in await page.locator(".picker-note").all():
        await expect(note).not_to_be_empty()
    await page.locator(".picker-account").filter(has=page.get_by_text("free", exact=True)).click()
    await page.wait_for_url("**/creations/all")
    await expect(page.get_by_role("link", name="Account: free")).to_be_visible()

    await page.get_by_role("link", name="Account: free").click()
    await expect(page.locator(".picker-account strong")).to_have_text(["plus", "lapsed"])
    await page.locator(".picker-account").filter(has=page.get_by_text("lapsed", exact=True)).click()
    await page.wait_for_url("**/creations/all")
    await expect(page.get_by_role("link", name="Account: lapsed")).to_be_visible()
