"""Identifiers: strings from a CSPRNG, told apart by type, opaque to whoever gets them."""

import re
import secrets
from typing import Annotated, NewType

from pydantic import StringConstraints

UserId = NewType("UserId", str)
GenerationId = NewType("GenerationId", str)
ImageId = NewType("ImageId", str)
ChangeId = NewType("ChangeId", str)
BatchId = NewType("BatchId", str)

ID_PATTERN = r"^[A-Za-z0-9_.-]{1,64}$"
"""What every id looks like, users' included; anything else can't exist."""

IdText = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""An id in a request body, refused with 422 when it can't be one."""

_ID = re.compile(ID_PATTERN)


def is_id(text: str) -> bool:
    """Tell whether `text` can be an id at all; what can't is never looked up."""
    return _ID.fullmatch(text) is not None


def _new(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(16)}"


def new_generation_id() -> GenerationId:
    """Make an id of 128 random bits for a generation."""
    return GenerationId(_new("gen"))


def new_image_id() -> ImageId:
    """Make an id of 128 random bits for an image; never derived from its seed."""
    return ImageId(_new("img"))


def new_change_id() -> ChangeId:
    """Make an id of 128 random bits for a change."""
    return ChangeId(_new("chg"))


def new_batch_id() -> BatchId:
    """Make an id of 128 random bits for a batch: nobody else can write under it."""
    return BatchId(_new("bat"))
