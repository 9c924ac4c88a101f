"""A change of many that can't change all: said in words, image by image why, and undone as far as it was done."""

from playwright.async_api import expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitors


async def test_bulk_says_what_was_changed_what_not_and_why_and_is_undone(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    await person.generate("four of a kind", visibility="public", count=4)
    assert person.user_id is not None
    at_home = await visitor()
    page = at_home.page
    await at_home.sign_in(person.user_id)
    await expect(at_home.tiles()).to_have_count(4)
    deleted, private, *rest = await at_home.image_ids()
    await at_home.tiles().first.get_by_role("link").focus()
    await page.keyboard.press("Control+a")
    await expect(page.get_by_role("region", name="Selected images")).to_contain_text("4 selected")
    # Elsewhere, where this page doesn't see it.
    assert (await person.ask("DELETE", f"/v1/images/{deleted}")).status_code in {200, 204}
    assert (await person.make(private, "private")).status_code == 200

    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Make private").click()
    result = page.locator(".bulk-result")
    await expect(result).to_contain_text("2 images made private · 1 already private · 1 not changed: no longer there.")
    await expect(at_home.tile(deleted)).to_have_count(0)
    await expect(page.locator(".tile-lock")).to_have_count(3)

    for visibility in ("public", "private"):
        assert (await person.make(rest[0], visibility)).status_code == 200
    await result.get_by_role("button", name="Undo").click()
    await expect(result).to_contain_text("1 image changed back")
    await expect(result).to_contain_text("1 not changed: changed meanwhile, so left as they are now")
    await expect(at_home.tile(private).locator(".tile-lock")).to_be_visible()
    await expect(page.locator(".tile-lock")).to_have_count(2)
