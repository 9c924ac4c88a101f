"""Formats and archives as the API takes and shows them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import Format
from shared.ids import IdText

MAX_ARCHIVE_IMAGES = 500


class FormatView(BaseModel):
    """Whether one format is allowed, and why or why not."""

    format: Format
    allowed: bool
    why: str


class FormatsView(BaseModel):
    """All formats."""

    items: list[FormatView]


class ArchiveRequest(BaseModel):
    """Which images, in which format."""

    model_config = ConfigDict(extra="forbid")

    image_ids: Annotated[list[IdText], Field(min_length=1, max_length=MAX_ARCHIVE_IMAGES)]
    format: Format = Format.JPG
