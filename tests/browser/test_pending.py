"""A change that one place hasn't confirmed: the page says which and since when, and then that it is everywhere."""

import re
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from playwright.async_api import Browser, expect
from tests.browser.visitor import Visitors
from tests.e2e.api_client import sign_in
from tests.e2e.stack import Stack, running

from shared.contracts import VisibilityChanged

# An enforcer that commits only when the test does it.
GROUP = "newsletter"


@pytest.fixture
async def late(browser: Browser, tmp_path: Path) -> AsyncGenerator[Stack, None]:
    async with running(tmp_path / "data", VISIBILITY_ENFORCERS=f"download,{GROUP}:commit_only") as stack:
        yield stack


async def confirm_everything(stack: Stack) -> None:
    """Commit, as the late group, all that is in the topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=stack.kafka_bootstrap_servers, group_id=GROUP, enable_auto_commit=False
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


async def test_pending_place_is_named_until_it_has_confirmed(browser: Browser, late: Stack) -> None:
    async with httpx.AsyncClient(base_url=late.base_url, timeout=30) as http:
        person = await sign_in(http, f"user_{secrets.token_hex(5)}", [])
        await person.subscribed("plus")
        await person.generate("late to one place", visibility="public")
    assert person.user_id is not None
    visitors = Visitors(browser, late.base_url)
    visitor = await visitors()
    await visitor.sign_in(person.user_id)
    await visitor.tiles().first.get_by_role("link").click()
    details = visitor.page.get_by_role("dialog", name="Image details")
    await details.get_by_role("button", name="Public", exact=True).click()
    await visitor.page.get_by_role("menuitemradio", name="Private").click()
    result = details.get_by_test_id("change-result")
    await expect(result).to_have_text(
        re.compile(rf"Removed from 2 of 3 places\. Still pending: {GROUP}, since \d\d:\d\d:\d\d")
    )
    await confirm_everything(late)
    await expect(result).to_contain_text("Removed from 3 of 3 places")
    await expect(result).not_to_contain_text("pending")
    await visitors.leave()
