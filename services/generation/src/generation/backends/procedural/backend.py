"""The default back end: pictures computed from the prompt's mood, without a model."""

from generation.backends.port import ProgressListener, RenderRequest
from generation.backends.procedural.painting import paint
from generation.backends.rendering_thread import RenderingThread

AT_ONCE = 2
"""Pictures painted at the same time; more would only make each slower and the process larger (100 MB a picture)."""


class ProceduralBackend:
    """Paints landscapes and abstract pictures. Deterministic: prompt, seed and size decide every byte."""

    name = "procedural"

    def __init__(self) -> None:
        self._thread = RenderingThread("painting", AT_ONCE)

    async def render(self, request: RenderRequest, on_progress: ProgressListener) -> bytes:
        """Paint one picture in about a second."""
        return await self._thread.run(lambda report: paint(request, report), on_progress)

    async def aclose(self) -> None:
        """Let the threads go."""
        self._thread.close()
