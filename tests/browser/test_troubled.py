"""A system in trouble: generations fail, hang or end unseen, and a place is late with a change. The page says so."""

import re
import secrets

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from playwright.async_api import Browser, Locator, expect
from tests.browser.conftest import LATE_GROUP, Troubled
from tests.browser.visitor import GENERATED_WITHIN_MS, Visitor, Visitors
from tests.browser.wire import wire_to
from tests.e2e.api_client import sign_in
from tests.e2e.stack import Stack

from shared.contracts import VisibilityChanged

PROMPT = "a lighthouse at dawn"
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


async def test_pending_place_is_named_until_it_has_confirmed(troubled_visitor: Visitors, troubled: Troubled) -> None:
    async with httpx.AsyncClient(base_url=troubled.stack.base_url, timeout=30) as http:
        person = await sign_in(http, f"user_{secrets.token_hex(5)}", [])
        await person.subscribed("plus")
        await person.generate("late to one place", visibility="public")
    assert person.user_id is not None
    visitor = await troubled_visitor()
    await visitor.sign_in(person.user_id)
    await visitor.tiles().first.get_by_role("link").click()
    await visitor.choose_for_opened("Private")
    result = visitor.page.get_by_test_id("change-result")
    await expect(result).to_have_text(
        re.compile(rf"Removed from 2 of 3 places\. Still pending: {LATE_GROUP}, since \d\d:\d\d:\d\d")
    )
    await confirm_everything(troubled.stack)
    await expect(result).to_contain_text("Removed from 3 of 3 places")
    await expect(result).not_to_contain_text("pending")
