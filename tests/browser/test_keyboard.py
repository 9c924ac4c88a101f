"""The walkthrough once more, by keyboard alone."""

from playwright.async_api import Page, expect
from tests.browser.visitor import GENERATED_WITHIN_MS, Visitor, Visitors

TABS_AT_MOST = 60


async def focused(page: Page) -> str:
    return str(
        await page.evaluate(
            "((it) => it === document.body ? '' : it.getAttribute('aria-label') ?? it.textContent)"
            "(document.activeElement)"
        )
    )


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus has this name, or begins with it where it ends in a space."""
    for _ in range(TABS_AT_MOST):
        now = await focused(page)
        if now == name or (name.endswith(" ") and now.startswith(name)):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{name} isn't reached by Tab")


async def choose_second(page: Page, first: str) -> None:
    """Open the menu that has the focus, see that its first entry gets it, and choose the second."""
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=menu] :focus")).to_contain_text(first)
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("[role=menu] :focus")).not_to_contain_text(first)
    await page.keyboard.press("Enter")


async def test_everything_is_done_by_keyboard(visitor: Visitors, name: str) -> None:
    person = await visitor(reduced_motion="reduce")
    await _sign_in_and_take_plus(person.page, name)
    await _generate_three(person)
    await _make_all_public(person.page)
    await _make_one_private(person.page)


async def _sign_in_and_take_plus(page: Page, name: str) -> None:
    keys = page.keyboard
    await page.goto("/account")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await keys.press("Tab")
    assert await focused(page) == "Skip to content"
    await keys.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.get_by_label("Another name").focus()
    await keys.type(name)
    await keys.press("Enter")
    await page.wait_for_url("**/creations/all")
    await page.goto("/account")
    await expect(page.get_by_role("button", name="Take Plus")).to_be_visible()
    await tab_to(page, "Take Plus")
    await keys.press("Enter")
    await expect(page.locator(".account-state")).to_contain_text("Plus plan")


async def _generate_three(person: Visitor) -> None:
    page, keys = person.page, person.page.keyboard
    await page.goto("/creations/all")
    await expect(page.get_by_role("button", name="Visibility: Public")).to_be_visible()
    await tab_to(page, "Prompt")
    await keys.press("Tab")
    assert await focused(page) == "Visibility: Public"
    await choose_second(page, "Public")
    await expect(page.get_by_role("button", name="Visibility: Private")).to_be_visible()
    await page.get_by_label("Prompt", exact=True).focus()
    await keys.type("three boats")
    await tab_to(page, "Generate")
    await tab_to_number_of_images(page)
    await page.get_by_label("Prompt", exact=True).focus()
    await keys.press("Enter")
    await expect(page.locator(".card").first).to_have_attribute("data-state", "succeeded", timeout=GENERATED_WITHIN_MS)
    await expect(person.tiles()).to_have_count(3)


async def _make_all_public(page: Page) -> None:
    keys = page.keyboard
    await tab_to(page, "Private image of ")
    await keys.press("ArrowRight")
    await keys.press("Space")
    await keys.press("Shift+ArrowRight")
    panel = page.get_by_role("region", name="Selected images")
    await expect(panel).to_contain_text("2 selected")
    await keys.press("Escape")
    await expect(panel).to_be_hidden()
    await keys.press("Control+a")
    await expect(panel).to_contain_text("3 selected")
    await tab_to(page, "More")
    await choose_second(page, "Make private")
    await expect(page.locator(".bulk-result")).to_contain_text("3 images made public.")


async def _make_one_private(page: Page) -> None:
    keys = page.keyboard
    await tab_to(page, "Public image of ")
    await keys.press("Home")
    await expect(page.locator("[data-index='0']")).to_be_focused()
    await keys.press("Enter")
    details = page.get_by_role("dialog", name="Image details")
    await expect(details.locator("img")).to_be_visible()
    first = page.url
    await keys.press("ArrowRight")
    await expect(page).not_to_have_url(first)
    await keys.press("ArrowLeft")
    await expect(page).to_have_url(first)
    await expect(details.get_by_role("button", name="Public", exact=True)).to_be_visible()
    await tab_to(page, "Public")
    await choose_second(page, "Public")
    await expect(details.get_by_test_id("change-result")).to_contain_text("Removed from 2 of 2 places")
    await expect(page.get_by_test_id("live")).to_contain_text("Private. Removed from 2 of 2 places")
    await keys.press("Escape")
    await expect(details).to_be_hidden()


async def tab_to_number_of_images(page: Page) -> None:
    await page.keyboard.press("Tab")
    for _ in range(2):
        await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="3", exact=True)).to_be_checked()
