"""Follows deletions until bytes and prompts are gone, so that their owners can see it."""

import asyncio
import logging

from aiokafka.errors import KafkaError

from gallery.images.writer import ImageWriter
from shared.bus.broker import Place
from shared.consistency import Barrier, clock, is_sent, state_of
from shared.contracts import VisibilityChanged
from shared.mongo import StoreError

log = logging.getLogger(__name__)

FOLLOW_EVERY_S = 1.0
FOLLOW_AT_MOST = 200
_WAIT_S = 2.0


class Erasure:
    """Compares deletions with the committed offsets of the erasers' groups; nobody waits for it."""

    def __init__(self, images: ImageWriter, erasers: Barrier) -> None:
        self._images = images
        self._erasers = erasers

    async def follow_forever(self) -> None:
        """Look every second until cancelled."""
        while True:
            await asyncio.sleep(FOLLOW_EVERY_S)
            try:
                await self.follow()
            except (StoreError, KafkaError, TimeoutError, OSError) as error:
                log.warning("erasure not followed", extra={"error": type(error).__name__})

    async def follow(self) -> None:
        """Note what the erasers are done with."""
        deleted = [it for it in await self._images.unerased(FOLLOW_AT_MOST) if is_sent(it)]
        if not deleted:
            return
        topic = VisibilityChanged.topic
        sent = [Place(topic, it["published"]["partition"], it["published"]["offset"]) for it in deleted]
        if state_of(await self._erasers.wait(sent, clock(), _WAIT_S)) == "enforced":
            await self._images.mark_erased(deleted)
