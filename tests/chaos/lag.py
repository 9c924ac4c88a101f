"""How far groups are behind: zero again within some seconds after every fault."""

import asyncio
import time

from aiokafka.errors import KafkaError
from tests.chaos.stack import Stack
from tests.chaos.topics import admin_of, ends_of

from shared.topics import TOPICS

_ASK_EVERY_S = 0.1
_GROUPS = {
    "entitlement": ("entitlement-audit",),
    "gallery": ("gallery", "gallery-audit"),
    "download": ("download", "download-eraser"),
    "generation": ("generation", "generation-eraser"),
}


async def caught_up(stack: Stack, within_s: float) -> float:
    """Wait until every service is ready and every group has committed what was in the log at the call; seconds.

    Raises:
        TimeoutError: one hasn't in time; the argument says which.
    """
    began, behind = time.monotonic(), "the log can't be asked"
    try:
        async with asyncio.timeout(within_s):
            groups = [group for service in stack.shape.replicas for group in _GROUPS[service]]
            ends = await _ends(stack, {topic for group in groups for topic in _topics(group)})
            while behind := await _behind(stack, groups, ends):
                if time.monotonic() - began > within_s:  # a closing client swallows the time-out
                    raise TimeoutError
                await asyncio.sleep(_ASK_EVERY_S)
    except TimeoutError:
        raise TimeoutError(f"not well within {within_s:.0f} s: {behind}") from None
    return time.monotonic() - began


async def _ends(stack: Stack, topics: set[str]) -> dict[tuple[str, int], int]:
    while True:
        try:
            found = [await ends_of(stack.kafka, topic) for topic in topics]
        except (KafkaError, OSError):
            await asyncio.sleep(_ASK_EVERY_S)
        else:
            return {(it.topic, it.partition): end for ends in found for it, end in ends.items()}


async def _behind(stack: Stack, groups: list[str], ends: dict[tuple[str, int], int]) -> str:
    for process in stack.services:
        if not process.is_frozen and not await process.is_ready():
            return f"{process.name} isn't ready"
    try:
        async with admin_of(stack.kafka) as admin:
            for group in groups:
                found = await admin.list_consumer_group_offsets(group)
                committed = {(it.topic, it.partition): at.offset for it, at in found.items()}
                for (topic, partition), end in ends.items():
                    if topic in _topics(group) and committed.get((topic, partition), 0) < end:
                        return f"{group} is at {committed.get((topic, partition))} of {end} in {topic}/{partition}"
    except (KafkaError, OSError):
        return "the log can't be asked"
    return ""


def _topics(group: str) -> list[str]:
    return [topic.name for topic in TOPICS.values() if group in topic.readers]
