"""More images than are ever on the page: only what is in view is there; all of them can be selected and changed."""

import pytest
from playwright.async_api import expect
from tests.browser.conftest import Owner
from tests.browser.long_list import id_of, owns, show_long_list, show_one_picture_for_all
from tests.browser.visitor import Visitor, Visitors
from tests.e2e.stack import Stack

MANY = 10_000
SOME = 150
TILES_AT_MOST = 150
IS_BELOW = """(id) => {
  const [above, below] = [document.querySelector(`[data-image='${id}']`), document.activeElement.closest(".tile")]
    .map((it) => it.getBoundingClientRect());
  return below.top >= above.bottom && below.left < above.right && above.left < below.right;
}"""
BULK_WITHIN_MS = 60_000


@pytest.fixture
async def collector(visitor: Visitors, owner: Owner) -> Visitor:
    """Somebody signed in, with one real picture that stands for all."""
    person = await owner()
    (image_id,) = await person.generate("one for all", visibility="public")
    assert person.user_id is not None
    signed_in = await visitor()
    await show_one_picture_for_all(signed_in, image_id)
    await signed_in.sign_in(person.user_id)
    await expect(signed_in.tiles()).to_have_count(1)
    return signed_in


async def name_of(visitor: Visitor) -> str:
    return str(await visitor.page.locator(".nav-who span:not(.visually-hidden)").first.inner_text())


async def test_ten_thousand_images_are_moved_through_with_few_in_the_document(visitor: Visitors, owner: Owner) -> None:
    person = await owner()
    (image_id,) = await person.generate("one of ten thousand", visibility="public")
    assert person.user_id is not None
    stranger = await visitor()
    page = stranger.page
    await show_long_list(stranger, image_id, person.user_id, MANY)
    await page.goto("/explore")
    await stranger.shown(id_of(0))
    first = stranger.tile(id_of(0)).get_by_role("link")
    await first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(first).not_to_be_focused()
    assert await page.evaluate(IS_BELOW, id_of(0))
    await page.keyboard.press("ArrowUp")
    await expect(first).to_be_focused()
    most, last = 0, stranger.tile(id_of(MANY - 1))
    while await last.count() == 0:
        await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        await page.evaluate("new Promise(requestAnimationFrame)")
        most = max(most, await page.evaluate("document.getElementsByClassName('tile').length"))
    await stranger.shown(id_of(MANY - 1))
    assert 0 < most <= TILES_AT_MOST


async def test_all_matching_are_selected_changed_and_undone(collector: Visitor, stack: Stack) -> None:
    page = collector.page
    await owns(stack, await name_of(collector), SOME)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.reload()
    await expect(page.get_by_role("link", name="Public 151")).to_be_visible()
    await collector.tiles().first.get_by_role("link").focus()
    await page.keyboard.press("Control+a")
    panel = page.get_by_role("region", name="Selected images")
    await expect(panel).to_contain_text("100 selected")
    assert not [it for it in asked if "cursor=" in it], "more is loaded only when the end comes near"
    await panel.get_by_role("button", name="Select all 151 matching").click()
    await expect(panel).to_contain_text("151 selected")
    await collector.tiles().nth(1).get_by_role("button", name="Don't select").click()
    await expect(panel).to_contain_text("150 selected")
    await panel.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Make private").click()
    result = page.get_by_role("region", name="Change of many")
    await expect(result).to_be_focused()
    await expect(result).to_contain_text("150 images made private.", timeout=BULK_WITHIN_MS)
    await expect(page.get_by_role("link", name="Public 1", exact=True)).to_be_visible()
    await result.get_by_role("button", name="Undo").click()
    await expect(result).to_be_focused()
    await expect(result).to_contain_text("150 images changed back.", timeout=BULK_WITHIN_MS)
    await expect(page.get_by_role("link", name="Public 151")).to_be_visible()


async def test_drawing_a_rectangle_selects_what_it_covers(collector: Visitor, stack: Stack) -> None:
    page = collector.page
    await owns(stack, await name_of(collector), 11)
    await page.reload()
    await expect(collector.tiles()).to_have_count(12)
    first = await collector.tiles().nth(0).bounding_box()
    second = await collector.tiles().nth(1).bounding_box()
    assert first is not None
    assert second is not None
    await page.mouse.move(first["x"] + 30, first["y"] + 60)
    await page.mouse.down()
    await page.mouse.move(second["x"] + 40, second["y"] + 90, steps=5)
    panel = page.get_by_role("region", name="Selected images")
    await expect(panel).to_contain_text("2 selected")
    await page.mouse.up()
    await expect(panel).to_contain_text("2 selected")
    await expect(page.get_by_role("dialog", name="Image details")).to_be_hidden()
