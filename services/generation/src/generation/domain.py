"""A generation: what it is asked, what became of it, and what its events say. Pure."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts import Capabilities, FinishedImage, Format, GenerationFinished, GenerationRequested, Outcome
from shared.ids import GenerationId, ImageId, UserId
from shared.visibility import Visibility

AspectRatio = Literal["1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16"]
SIZES: dict[AspectRatio, tuple[int, int]] = {
    "1:1": (1024, 1024),
    "4:3": (1024, 768),
    "3:4": (768, 1024),
    "3:2": (1024, 680),
    "2:3": (680, 1024),
    "16:9": (1024, 576),
    "9:16": (576, 1024),
}
"""Width and height in pixels; the longer side is 1024, all divisible by 8 as diffusion models want."""

MAX_SEED = 2**32 - 1

WHEN_UNKNOWN = Capabilities(
    private_generation=False, formats=(Format.JPG,), generations_at_once=1, images_per_generation=4
)
"""What a public request may use while nobody's plan can be told: the least that any plan allows."""


def _printable(text: str) -> str:
    if any(char < " " and char not in "\n\t" for char in text):
        raise ValueError("control characters aren't allowed")
    return text


Prompt = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000),
    AfterValidator(_printable),
]


class Status(StrEnum):
    """Where a generation is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing comes after it."""
        return self in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}


UNFINISHED = [Status.QUEUED.value, Status.RUNNING.value]


class Failure(BaseModel):
    """Why there are no images; `detail` is for the owner and stays in this service."""

    code: str
    detail: str


class Generation(BaseModel):
    """One generation. The prompt is never shown by `repr`, and is gone once all its images are deleted."""

    model_config = ConfigDict(populate_by_name=True)

    id: GenerationId = Field(alias="_id")
    owner_id: UserId
    prompt: str | None = Field(repr=False)
    visibility: Visibility
    aspect_ratio: AspectRatio
    seed: int | None = Field(repr=False)
    image_ids: list[ImageId]
    status: Status = Status.QUEUED
    progress: float = 0.0
    failure: Failure | None = None
    created_at: datetime
    changed_at: datetime
    version: int = 1
    revision: int = 1
    outcome: Outcome | None = None
    images: list[FinishedImage] = []
    finished_at: datetime | None = None


def request_event(document: dict[str, Any]) -> GenerationRequested:
    """Give the request for the workers: ids and the frozen visibility, never the prompt."""
    return GenerationRequested(
        generation_id=document["_id"],
        owner_id=document["owner_id"],
        image_ids=tuple(document["image_ids"]),
        visibility=document["visibility"],
        version=document["version"],
        requested_at=document["created_at"],
    )


def result_event(document: dict[str, Any]) -> GenerationFinished:
    """Give the result: the images, or the code of the failure without its detail."""
    succeeded = document["outcome"] == Outcome.SUCCEEDED.value
    return GenerationFinished(
        generation_id=document["_id"],
        owner_id=document["owner_id"],
        visibility=document["visibility"],
        version=document["version"],
        outcome=document["outcome"],
        images=tuple(document["images"]) if succeeded else (),
        failure_code=None if succeeded else document["failure"]["code"],
        finished_at=document["finished_at"],
    )
