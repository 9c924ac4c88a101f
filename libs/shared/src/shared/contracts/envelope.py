"""What all events have in common: an immutable model, its topic, its type with a version, its key."""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Event(BaseModel):
    """A message on a topic. Unknown fields are ignored: events change additively and consumers deploy first."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    """CloudEvents type, ending in the contract's version; another version isn't decoded."""
    topic: ClassVar[str]
    source: ClassVar[str]
    changing: ClassVar[tuple[str, ...]] = ()
    """The fields in which two events of one key may differ; none are named where any may."""

    @property
    def key(self) -> str:
        """The id that the topic is keyed by: one key's events stay in one partition."""
        raise NotImplementedError


Version = Annotated[int, Field(ge=1)]
"""Grows with each change of one key; may skip."""

Moment = AwareDatetime
__all__ = ["Event", "Moment", "Version"]
