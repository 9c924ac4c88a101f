"""Generations and preferences as the API takes and shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from generation.domain import MAX_SEED, AspectRatio, Failure, Generation, Prompt, Status
from shared.ids import GenerationId, ImageId
from shared.visibility import Choice, Visibility


class GenerationRequest(BaseModel):
    """What a person asks for; without a visibility the remembered one is used."""

    model_config = ConfigDict(extra="forbid")

    prompt: Prompt = Field(repr=False)
    visibility: Choice | None = None
    count: Annotated[int, Field(ge=1, le=4, strict=True)] = 1
    aspect_ratio: AspectRatio = "1:1"
    seed: Annotated[int, Field(ge=0, le=MAX_SEED, strict=True)] | None = Field(None, repr=False)


class GenerationView(BaseModel):
    """A generation as its owner sees it."""

    generation_id: GenerationId
    prompt: str | None = Field(repr=False)
    visibility: Visibility
    aspect_ratio: AspectRatio
    seed: int | None = Field(repr=False)
    image_ids: list[ImageId]
    status: Status
    progress: Annotated[float, Field(ge=0, le=1)]
    failure: Failure | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, generation: Generation) -> "GenerationView":
        """Show `generation`."""
        shown = generation.model_dump(include=set(cls.model_fields) - {"generation_id"})
        return cls(generation_id=generation.id, **shown)


class GenerationPage(BaseModel):
    """A page of one's generations, newest first."""

    items: list[GenerationView]
    next_cursor: str | None


class DryRunView(BaseModel):
    """What would be generated; nothing was."""

    visibility: Visibility
    count: int
    aspect_ratio: AspectRatio


class ProgressView(BaseModel):
    """One event of a generation's stream: where it is, never what was asked."""

    generation_id: GenerationId
    status: Status
    progress: float
    image_ids: list[ImageId]
    failure: Failure | None

    @classmethod
    def of(cls, generation: Generation) -> "ProgressView":
        """Show where `generation` is."""
        shown = generation.model_dump(include=set(cls.model_fields) - {"generation_id"})
        return cls(generation_id=generation.id, **shown)


class Preferences(BaseModel):
    """What an account remembers for its next generation."""

    model_config = ConfigDict(extra="forbid")

    visibility: Choice
