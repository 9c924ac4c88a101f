"""No connection, or a tab that was away: said in words, nothing typed is lost, and the page catches up by itself."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Owner
from tests.browser.visitor import GENERATED_WITHIN_MS, Visitor, Visitors
from tests.e2e.api_client import Person

PROMPT = "typed without a connection"
UNREACHABLE = "The server can't be reached"


@pytest.fixture
async def person(owner: Owner) -> Person:
    return await owner()


@pytest.fixture
async def at_home(visitor: Visitors, person: Person) -> Visitor:
    """Creations of a person with two public images, open."""
    await person.generate("changed while nobody looks", visibility="public", count=2)
    at_home = await visitor()
    assert person.user_id is not None
    await at_home.sign_in(person.user_id)
    await expect(at_home.tiles()).to_have_count(2)
    for image_id in await at_home.image_ids():
        await at_home.shown(image_id)
    return at_home


async def test_offline_is_said_nothing_typed_is_lost_and_it_goes_on_afterwards(
    at_home: Visitor, person: Person
) -> None:
    page = at_home.page
    first, second = await at_home.image_ids()
    await at_home.context.set_offline(True)
    await page.get_by_label("Prompt", exact=True).fill(PROMPT)
    await page.get_by_role("button", name="Generate").click()
    card = page.locator(".card")
    await expect(card).to_have_attribute("data-state", "refused")
    await expect(card).to_contain_text(UNREACHABLE)
    await expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    await at_home.tile(first).get_by_role("link").click()
    await expect(at_home.details()).to_contain_text(UNREACHABLE)
    await page.keyboard.press("Escape")
    await at_home.tile(second).hover()
    await at_home.tile(second).get_by_role("button", name="Select").click()
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Make private").click()
    await expect(page.locator(".bulk-result")).to_contain_text(UNREACHABLE)
    await page.get_by_role("link", name="Account").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("alert").first).to_contain_text("You are still signed in.")
    await page.get_by_role("link", name="Creations").click()

    assert (await person.make(first, "private")).status_code == 200
    await at_home.context.set_offline(False)
    await expect(at_home.tile(first).locator(".tile-lock")).to_be_visible()
    await page.locator(".bulk-result").get_by_role("button", name="Try again").click()
    await expect(page.locator(".bulk-result")).to_contain_text("1 image made private.")
    await card.get_by_role("button", name="Try again").click()
    await expect(card).to_have_attribute("data-state", "succeeded", timeout=GENERATED_WITHIN_MS)
    await expect(at_home.tiles()).to_have_count(3)


async def test_change_without_a_connection_claims_nothing(at_home: Visitor, person: Person) -> None:
    (first, _) = await at_home.image_ids()
    await at_home.tile(first).get_by_role("link").click()
    await expect(at_home.details().locator("img")).to_be_visible()
    await at_home.context.set_offline(True)
    await at_home.choose_for_opened("Private")
    result = at_home.page.get_by_test_id("change-result")
    await expect(result).to_contain_text("No answer came, so it isn't known whether it was changed.")
    await expect(at_home.details().locator(".chip-large")).to_have_text("Public")
    assert (await person.get(f"/v1/images/{first}")).json()["visibility"] == "public"
    assert (await person.make(first, "private")).status_code == 200
    await at_home.context.set_offline(False)
    await expect(at_home.details().locator(".chip-large")).to_have_text("Private")


async def test_tab_that_was_away_catches_up_with_everything(at_home: Visitor, person: Person) -> None:
    first, second = await at_home.image_ids()
    await at_home.tile(second).get_by_role("link").click()
    await expect(at_home.details().locator(".history li")).to_have_count(1)
    # As a laptop that was closed: DevTools' own freezing does nothing to a page that Playwright keeps in focus.
    await at_home.context.set_offline(True)
    assert (await person.ask("DELETE", f"/v1/images/{first}")).status_code in {200, 204}
    assert (await person.make(second, "private")).status_code == 200
    assert (await person.ask("PUT", "/v1/preferences", json={"visibility": "private"})).status_code == 200
    assert (await person.cancel_now()).status_code == 200
    await at_home.context.set_offline(False)

    await expect(at_home.details().locator(".chip-large")).to_have_text("Private")
    await expect(at_home.details().locator(".history li")).to_have_count(2)
    await at_home.page.get_by_role("button", name="Close").click()
    await expect(at_home.tile(first)).to_have_count(0)
    await expect(at_home.tile(second).locator(".tile-lock")).to_be_visible()
    await expect(at_home.page.get_by_role("button", name="Visibility:")).to_have_text("Private")
    await expect(at_home.page.get_by_text("Your plan has ended.")).to_be_visible()
