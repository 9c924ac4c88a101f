"""Kafka: finished generations become images."""

import logging
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from gallery.images.writer import ImageWriter
from shared.contracts import GenerationFinished
from shared.publication import Publisher

log = logging.getLogger(__name__)


class OnGenerationFinished:
    """Takes the images of finished generations into the truth and publishes them."""

    contract = GenerationFinished

    def __init__(self, images: ImageWriter, publisher: Publisher) -> None:
        self._images = images
        self._publisher = publisher

    async def apply(self, events: Sequence[GenerationFinished], places: Sequence[int]) -> None:
        """Insert what isn't there; a result that comes again, late or for a deleted image changes nothing."""
        for event in events:
            for image in event.images:
                document = await self._images.insert_generated(event, image)
                if document is not None:
                    await self._publish(document)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """A result that can't be read makes no image; generation keeps the request and asks again."""

    async def _publish(self, document: dict[str, object]) -> None:
        try:
            place = await self._publisher.send(document)
        except (TimeoutError, KafkaError) as error:
            log.warning("left to the sweeper", extra={"error": type(error).__name__})
        else:
            await self._images.mark([(document, place)], [], enforced=True)
