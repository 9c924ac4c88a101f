"""Sends again what the broker lost: unfinished requests, also of dead workers, and results that nobody took."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from generation.repository import GenerationRepository
from shared.bus.log_ends import LogEnds
from shared.bus.positions import Position, Positions
from shared.mongo import Document, StoreError
from shared.publication import Publisher
from shared.topics import GENERATION_REQUESTS

log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
LOOK_AT_MOST = 500
SHOWN_WITHIN = timedelta(seconds=10)


class Resender:
    """Compares where each unfinished request lies with where the workers stand and where the log ends."""

    def __init__(
        self,
        generations: GenerationRepository,
        requests: Publisher,
        results: Publisher,
        workers: Positions,
        log_ends: LogEnds,
    ) -> None:
        self._generations = generations
        self._requests = requests
        self._results = results
        self._workers = workers
        self._log_ends = log_ends

    async def resend_forever(self) -> None:
        """Look every two seconds until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.resend_requests()
                await self.resend_results()
            except (StoreError, KafkaError, TimeoutError, OSError) as error:
                log.warning("resending failed", extra={"error": type(error).__name__})

    async def resend_results(self) -> None:
        """Send results again that gallery should have taken long ago; taking one twice changes nothing."""
        for document in await self._generations.unshown(datetime.now(UTC) - SHOWN_WITHIN, LOOK_AT_MOST):
            await self._results.publish(document)

    async def resend_requests(self) -> int:
        """Send requests again that are lost; give how many."""
        unfinished = await self._generations.unfinished(LOOK_AT_MOST)
        if not unfinished:
            return 0
        ends = await self._log_ends.of(
            TopicPartition(GENERATION_REQUESTS.name, n) for n in range(GENERATION_REQUESTS.partitions)
        )
        stands = await self._workers.of_all((it.topic, it.partition) for it in ends)
        now, sent = datetime.now(UTC), 0
        for document in unfinished:
            partition = TopicPartition(GENERATION_REQUESTS.name, document["published"]["partition"])
            stand = stands.get((partition.topic, partition.partition), Position(0))
            if is_lost(document, ends[partition], stand.offset, now):
                log.warning("request sent again")
                await self._requests.publish(document)
                sent += 1
        return sent


def is_lost(document: Document, end: int, workers_at: int, now: datetime) -> bool:
    """Tell whether a sent request is no longer waiting in the log and nobody works on it."""
    offset, lease = document["published"]["offset"], document["lease"]
    if lease is not None and lease["until"] > now:
        return False
    return bool(offset >= end or offset < workers_at)
