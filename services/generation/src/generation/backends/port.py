"""The port to whatever makes the pictures: what a back end is asked, what it gives, how it fails."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

ProgressListener = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class RenderRequest:
    """One picture to make. Never logged: it holds a prompt, which its repr leaves out as a second line of defence."""

    prompt: str = field(repr=False)
    seed: int
    width: int
    """In pixels."""
    height: int
    """In pixels."""


class RenderError(Exception):
    """No picture was made. `code` is stable, `detail` is shown to the owner; neither ever holds the prompt.

    RenderError
    ├── RenderRefused   final: the provider said no
    └── RenderFailed    it could not be made, bounded retries included
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class RenderRefused(RenderError):  # noqa: N818 (reads as what happened)
    """The provider said no; `detail` is its reason. Asking again would get the same answer."""


class RenderFailed(RenderError):  # noqa: N818
    """The picture could not be made, after whatever retries make sense."""


class Backend(Protocol):
    """Makes pictures from prompts, off the event loop."""

    name: str

    async def render(self, request: RenderRequest, on_progress: ProgressListener) -> bytes:
        """Make one picture: a PNG of exactly the size asked for, with no metadata chunk.

        `on_progress` gets a growing fraction from 0 to 1, on the event loop's thread. Cancelling the awaiting task
        stops the work; when it has ended, nothing is left running. Raises `RenderError`.
        """
        ...

    async def aclose(self) -> None:
        """Let go of threads, models and connections."""
        ...
