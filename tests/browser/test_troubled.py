"""A system in trouble: generations fail, hang or end unseen, and a place is late with a change. The page says so."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from playwright.async_api import Browser, Locator, expect
from tests.browser.conftest import LATE_GROUP, Troubled
from tests.browser.long_list import owns, show_one_picture_for_all
from tests.browser.visitor import GENERATED_WITHIN_MS, Visitor, Visitors
from tests.browser.wire import wire_to
from tests.e2e.api_client import sign_in
from tests.e2e.stack import Stack

from shared.contracts import VisibilityChanged

BULK_WITHIN_MS = 60_000
PROMPT = "a lighthouse at dawn"
# Three slices: each waits for the late place as long as a request would, so the page sees it grow on any machine.
MANY = 300
WATCH_PROGRESS = """() => {
  window.told = [];
  new MutationObserver(() => window.told.push({
    done: document.querySelector(".bulk-result progress")?.value ?? null,
    words: document.querySelector(".bulk-result p")?.textContent ?? "",
    spoken: document.querySelector("[data-testid=live]").textContent,
  })).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
}"""
REASON = "Nothing of that kind is painted here."


@pytest.fixture
async def person(troubled_visitor: Visitors, name: str) -> Visitor:
    person = await troubled_visitor()
    await person.sign_in(name)
    await person.take_plan("Take Plus")
    await person.page.goto("/creations/all")
    await person.choose_visibility("Private")
    return person


async def send(person: Visitor) -> Locator:
    await person.page.get_by_label("Prompt", exact=True).fill(PROMPT)
    await person.page.get_by_role("button", name="Generate").click()
    return person.page.locator(".card").first


async def is_(card: Locator, state: str) -> None:
    await expect(card).to_have_attribute("data-state", state, timeout=GENERATED_WITHIN_MS)


async def test_failed_one_says_why_and_is_tried_again(person: Visitor, troubled: Troubled) -> None:
    troubled.provider.refusal = REASON
    card = await send(person)
    await is_(card, "failed")
    await expect(card).to_contain_text(REASON)
    await expect(card).to_contain_text(PROMPT)
    await expect(person.page.get_by_test_id("live")).to_contain_text("A generation failed.")
    troubled.provider.refusal = None
    await card.get_by_role("button", name="Try again").click()
    await is_(person.page.locator(".card"), "succeeded")
    await expect(person.page.locator(".card .badge")).to_have_text("Private")
    await expect(person.page.locator(".tile-lock")).to_have_count(1)


async def test_card_fills_as_its_pictures_are_finished(person: Visitor, troubled: Troubled) -> None:
    troubled.provider.hold()
    page = person.page
    await page.get_by_label("Prompt", exact=True).fill(PROMPT)
    await page.get_by_role("group", name="Images").get_by_role("radio", name="4").check()
    await page.get_by_role("button", name="Generate").click()
    card = page.locator(".card").first
    # A picture that is begun counts a twentieth of itself.
    for percent in (1, 26, 51, 76):
        await expect(card).to_contain_text(f"{percent} %")
        await expect(card.get_by_role("progressbar", name="Progress")).to_have_js_property("value", percent)
        filled = await card.locator(".card-fill").first.evaluate("(it) => new DOMMatrix(it.style.transform).d")
        assert round(100 * filled) == percent
        troubled.provider.finish_one()
    await is_(card, "succeeded")
    await expect(person.tiles()).to_have_count(4)


async def test_cancelled_one_leaves_no_image(person: Visitor, troubled: Troubled) -> None:
    troubled.provider.hold()
    card = await send(person)
    await is_(card, "running")
    await card.get_by_role("button", name="Cancel").click()
    await is_(card, "cancelled")
    troubled.provider.let_go()
    await card.get_by_role("button", name="Dismiss").click()
    await expect(card).to_have_count(0)
    await person.page.reload()
    await expect(person.page.get_by_text("Nothing here yet")).to_be_visible()


async def test_one_under_way_is_found_again_after_a_reload(person: Visitor, troubled: Troubled) -> None:
    troubled.provider.hold()
    await is_(await send(person), "running")
    await person.page.reload()
    card = person.page.locator(".card")
    await is_(card, "running")
    await expect(card).to_contain_text(PROMPT)
    await expect(card.locator(".badge")).to_have_text("Private")
    troubled.provider.let_go()
    await is_(card, "succeeded")


async def test_one_that_ends_while_the_wire_is_cut_is_there_afterwards(
    browser: Browser, troubled: Troubled, name: str
) -> None:
    async with wire_to(troubled.stack.base_url) as wire:
        visitors = Visitors(browser, wire.base_url)
        person = await visitors()
        await person.sign_in(name)
        troubled.provider.hold()
        card = await send(person)
        await is_(card, "running")
        wire.cut()
        await expect(card).to_contain_text("Connection lost, trying again")
        troubled.provider.let_go()
        wire.mend()
        await is_(card, "succeeded")
        await expect(person.tiles()).to_have_count(1)
        await visitors.leave()


async def confirm_everything(stack: Stack) -> None:
    """Commit, as the late group, all that is in the topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap_servers, group_id=LATE_GROUP, enable_auto_commit=False
    )
    await consumer.start()
    try:
        topic = VisibilityChanged.topic
        known = await consumer._client.fetch_all_metadata()
        places = [TopicPartition(topic, partition) for partition in known.partitions_for_topic(topic) or ()]
        assert places
        consumer.assign(places)
        await consumer.commit(await consumer.end_offsets(places))
    finally:
        await consumer.stop()


@pytest.fixture
async def owner_of_one(troubled_visitor: Visitors, troubled: Troubled, name: str) -> Visitor:
    """Somebody at their Creations, with one public image."""
    async with httpx.AsyncClient(base_url=troubled.stack.base_url, timeout=30) as http:
        person = await sign_in(http, name, [])
        await person.subscribed("plus")
        (image_id,) = await person.generate("late to one place", visibility="public")
    visitor = await troubled_visitor()
    await show_one_picture_for_all(visitor, image_id)
    await visitor.sign_in(name)
    await expect(visitor.tiles()).to_have_count(1)
    return visitor


async def test_pending_place_is_named_until_it_has_confirmed(owner_of_one: Visitor, troubled: Troubled) -> None:
    visitor = owner_of_one
    await visitor.tiles().first.get_by_role("link").click()
    await visitor.choose_for_opened("Private")
    result = visitor.page.get_by_test_id("change-result")
    await expect(result).to_have_text(
        re.compile(rf"Removed from 2 of 3 places\. Still pending: {LATE_GROUP}, since \d\d:\d\d:\d\d")
    )
    await confirm_everything(troubled.stack)
    await expect(result).to_contain_text("Removed from 3 of 3 places")
    await expect(result).not_to_contain_text("pending")


async def test_change_of_many_tells_how_far_it_is_and_is_undone(
    owner_of_one: Visitor, troubled: Troubled, name: str
) -> None:
    page = owner_of_one.page
    await owns(troubled.stack, name, MANY - 1)
    await page.reload()
    await expect(page.get_by_role("link", name=f"Public {MANY}")).to_be_visible()
    await owner_of_one.tiles().first.get_by_role("link").focus()
    await page.keyboard.press("Control+a")
    panel = page.get_by_role("region", name="Selected images")
    await panel.get_by_role("button", name=f"Select all {MANY} matching").click()
    await page.evaluate(WATCH_PROGRESS)
    await panel.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Make private").click()
    result = page.locator(".bulk-result")
    await expect(result).to_contain_text("Written; waiting until every place has it", timeout=BULK_WITHIN_MS)
    await expect(result).to_contain_text(re.compile(rf"Still pending: {LATE_GROUP}, since \d\d:\d\d:\d\d"))
    await confirm_everything(troubled.stack)
    await expect(page.get_by_test_id("live")).to_have_text(f"{MANY} images made private.")
    await expect(result).to_contain_text(f"{MANY} images made private.Removed from 3 of 3 places")
    grew_as_it_was_told(await page.evaluate("told"))
    await expect(page.get_by_role("link", name=f"Private {MANY}")).to_be_visible()

    await result.get_by_role("button", name="Undo").click()
    undone = asyncio.ensure_future(expect(result).to_contain_text(f"{MANY} images changed back."))
    while not undone.done():
        await confirm_everything(troubled.stack)
    await undone
    await expect(page.get_by_role("link", name=f"Public {MANY}")).to_be_visible()


def grew_as_it_was_told(told: list[dict[str, Any]]) -> None:
    """See that the bar, the words beside it and what is read out grew in several steps before the end."""
    parts = [it for it in told if it["done"] is not None and 0 < it["done"] < MANY]
    counts = [it["done"] for it in parts]
    assert len(set(counts)) >= 2, told
    assert counts == sorted(counts)
    assert {it["words"] for it in parts} == {f"{count} of {MANY} images done" for count in counts}
    assert len({it["spoken"] for it in told if it["spoken"].endswith(f" of {MANY} images done")}) >= 2, told
