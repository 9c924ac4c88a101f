"""`generation.requests`: a picture is wanted. Ids and the frozen visibility only; never the prompt."""

from typing import ClassVar

from shared.contracts.envelope import Event, Moment, Version
from shared.ids import GenerationId, ImageId, UserId
from shared.visibility import Choice


class GenerationRequested(Event):
    """Asks the workers to make the images of a generation; sent again when it was lost."""

    type: ClassVar[str] = "generation.requested.v1"
    topic: ClassVar[str] = "generation.requests"
    source: ClassVar[str] = "generation"

    generation_id: GenerationId
    owner_id: UserId
    image_ids: tuple[ImageId, ...]
    visibility: Choice
    version: Version
    requested_at: Moment

    @property
    def key(self) -> str:
        """The generation's id."""
        return self.generation_id
