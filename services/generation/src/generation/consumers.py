"""Kafka, for the API: results make generations final, deleted images make prompts go."""

from collections.abc import Sequence

from generation.repository import GenerationRepository
from generation.slots import Slots
from shared.bus.broker import Place
from shared.consistency import Barrier, clock, state_of
from shared.contracts import GenerationFinished, Outcome, VisibilityChanged
from shared.topics import GENERATION_RESULTS
from shared.visibility import is_deleted

_GALLERY_HAS_IT_WITHIN_S = 2.0


class OnGenerationFinished:
    """Shows the outcome once gallery has the images, so that who sees `succeeded` finds them there."""

    contract = GenerationFinished

    def __init__(self, generations: GenerationRepository, slots: Slots, gallery: Barrier) -> None:
        self._generations = generations
        self._slots = slots
        self._gallery = gallery

    async def apply(self, events: Sequence[GenerationFinished], places: Sequence[int]) -> None:
        """Wait for gallery, a moment at the most, then show the outcomes that it has.

        The others stay unfinished and their results are sent again: gallery may be down, and the log may lose them.
        """
        needs = [
            Place(event.topic, GENERATION_RESULTS.partition_of(event.key), offset)
            for event, offset in zip(events, places, strict=True)
        ]
        reached = state_of(await self._gallery.wait(needs, clock(), _GALLERY_HAS_IT_WITHIN_S))
        for event in events:
            if reached != "enforced" and event.outcome is Outcome.SUCCEEDED:
                continue
            await self._generations.finish(event)
            await self._slots.free(event.owner_id, event.generation_id)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """A result that can't be read shows nothing; the store still knows the outcome and sends it again."""


class OnVisibilityChanged:
    """Erases the prompt with the last image of its generation."""

    contract = VisibilityChanged

    def __init__(self, generations: GenerationRepository) -> None:
        self._generations = generations

    async def apply(self, events: Sequence[VisibilityChanged], places: Sequence[int]) -> None:
        """Note the deleted ones."""
        for event in events:
            if is_deleted(event.visibility):
                await self._generations.forget_image(event.generation_id, event.image_id)

    async def quarantine(
        self, key: str | None, topic: str, partition: int, offset: int, version: int | None = None
    ) -> None:
        """A change that can't be read erases nothing; a later one of the image does."""
