"""axe on every screen, in both themes and at both widths: nothing serious."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from tests.browser.conftest import Owner
from tests.browser.visitor import Visitor, Visitors
from tests.e2e.api_client import Person

AXE = Path(__file__).parents[2] / "services/web/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


async def findings(page: Page) -> list[str]:
    # By the debugger's door: the page's own policy lets no script in, and stays as it is.
    await page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await page.evaluate(
        "async (tags) => (await axe.run(document, { runOnly: tags })).violations", TAGS
    )
    return [
        f"{it['id']} ({it['impact']}): {node['target']} {node['failureSummary']}"
        for it in found
        if it["impact"] in {"serious", "critical", "moderate"}
        for node in it["nodes"]
    ]


async def sign_in_as(visitor: Visitor, person: Person) -> None:
    assert person.user_id is not None
    await visitor.sign_in(person.user_id)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_no_screen_has_a_serious_finding(visitor: Visitors, owner: Owner, width: int, theme: str) -> None:
    person = await owner()
    await person.generate("one for axe", visibility="private", count=2)
    await person.generate("another for axe", visibility="public")
    seen = await visitor(width, color_scheme=theme, reduced_motion="reduce")
    page = seen.page
    await page.goto("/account")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    problems = {"sign-in": await findings(page)}
    await sign_in_as(seen, person)
    await expect(seen.tiles()).to_have_count(3)
    await page.get_by_label("Prompt", exact=True).click()
    problems["creations"] = await findings(page)
    await page.get_by_role("button", name="Visibility:").click()
    problems["menu"] = await findings(page)
    await page.keyboard.press("Escape")
    await seen.tiles().first.hover()
    await seen.tiles().first.get_by_role("button", name="Select").click()
    problems["selection"] = await findings(page)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Delete").click()
    problems["confirmation"] = await findings(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Select nothing").click()
    await seen.tiles().first.get_by_role("link").click()
    await expect(page.get_by_role("dialog").locator("img")).to_be_visible()
    await page.get_by_role("button", name="Look").click()
    await expect(page.locator(".findings li")).to_have_count(8)
    problems["details"] = await findings(page)
    await page.goto("/account")
    await expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    problems["account"] = await findings(page)
    await page.goto("/explore")
    await expect(seen.tiles().first).to_be_visible()
    problems["explore"] = await findings(page)
    assert len(problems) == 8
    assert not any(problems.values()), {screen: found for screen, found in problems.items() if found}
    widest = await page.evaluate("document.documentElement.scrollWidth")
    assert widest <= width
