"""A plan on an open page: it ends on time without being asked, and a person without one is told what Private needs."""

import re
from datetime import UTC, datetime, timedelta

import httpx
from playwright.async_api import expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitors
from tests.e2e.api_client import sign_in

OPEN_FOR = timedelta(seconds=6)
SOONER_THAN_IT_ENDS_MS = 3_000


async def test_plan_that_ends_while_the_page_is_open_is_seen_to_end(
    visitor: Visitors, owner: Owner, http: httpx.AsyncClient
) -> None:
    person = await owner()
    await person.generate("kept after the plan", visibility="private")
    operator = await sign_in(http, "operator", ["operator"])
    visiting = await visitor()
    page = visiting.page
    assert person.user_id is not None
    await visiting.sign_in(person.user_id)
    ending = {"plan": "plus", "state": "cancelling", "ends_at": (datetime.now(UTC) + OPEN_FOR).isoformat()}
    answer = await operator.ask("PUT", f"/v1/admin/users/{person.user_id}/subscription", json=ending)
    assert answer.status_code in {200, 202}, answer.text
    await page.goto("/account")
    state = page.locator(".account-state")
    await expect(state).to_contain_text("Plus plan, cancelled: it ends on")
    await expect(page.get_by_label("What your plan allows")).to_contain_text("AVIF")

    # Nobody touches the page.
    await expect(state).to_contain_text("your subscription has ended")
    await expect(page.get_by_test_id("live")).to_contain_text("has ended")
    await expect(page.get_by_text("1 image that is private stays private")).to_be_visible()
    await expect(page.get_by_label("What your plan allows")).not_to_contain_text("AVIF")
    await page.get_by_role("button", name="Resubscribe to Plus").click()
    await expect(state).to_contain_text("Plus plan, renews on")
    await expect(page.get_by_text("stays private")).to_have_count(0)


async def test_person_without_a_plan_who_picks_private_is_led_to_the_plans(visitor: Visitors, name: str) -> None:
    person = await visitor()
    page = person.page
    await person.sign_in(name)
    await page.get_by_label("Prompt", exact=True).fill("still here afterwards")
    await page.get_by_role("button", name="Visibility: Public").click()
    private = page.get_by_role("menuitemradio", name="Private")
    await expect(private).to_contain_text("Needs the Plus plan or higher")
    await private.click()
    await expect(page.get_by_role("heading", name="Plans")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Private images need the Plus plan")).to_be_visible()

    await page.go_back()
    await expect(page.get_by_text("Private images need the Plus plan")).to_have_count(0, timeout=SOONER_THAN_IT_ENDS_MS)
    await expect(page.get_by_label("Prompt", exact=True)).to_have_value("still here afterwards")
    await expect(page.get_by_role("button", name="Visibility:")).to_have_text("Public")
    await person.take_plan("Take Plus")
    await page.goto("/creations/all")
    await person.choose_visibility("Private")


async def test_plan_is_cancelled_or_changed_at_the_end_of_its_period_and_kept_after_all(
    visitor: Visitors, name: str
) -> None:
    person = await visitor()
    page = person.page
    await person.sign_in(name)
    await person.take_plan("Take Plus")
    state = page.locator(".account-state")
    allowed = page.get_by_label("What your plan allows")
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel on ").click()
    await expect(state).to_contain_text("Plus plan, cancelled: it ends on")
    await expect(allowed).to_contain_text("AVIF")
    await page.get_by_role("button", name="Keep Plus").click()
    await expect(state).to_contain_text("Plus plan, renews on")

    await page.get_by_role("button", name="Change to Basic").click()
    await expect(state).to_contain_text(re.compile(r"Plus plan until .+, then Basic"))
    await expect(allowed).to_contain_text("AVIF")
    await page.get_by_role("button", name="Keep Plus").click()
    await expect(state).to_contain_text("Plus plan, renews on")
