"""`generation.results`: a generation's images with their masters, or the code of why there are none."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.envelope import Event, Moment, Version
from shared.ids import GenerationId, ImageId, UserId
from shared.visibility import Choice


class Outcome(StrEnum):
    """How a generation ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


class FinishedImage(BaseModel):
    """One image and where its master lies; the first result that names it wins."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    image_id: ImageId
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    master_key: str


class GenerationFinished(Event):
    """A generation has ended; `failure_code` says why when it failed (details stay in generation)."""

    type: ClassVar[str] = "generation.finished.v1"
    topic: ClassVar[str] = "generation.results"
    source: ClassVar[str] = "generation"

    generation_id: GenerationId
    owner_id: UserId
    visibility: Choice
    version: Version
    outcome: Outcome
    images: tuple[FinishedImage, ...] = ()
    failure_code: str | None = None
    finished_at: Moment

    @property
    def key(self) -> str:
        """The generation's id."""
        return self.generation_id
