"""Archives: streamed, a bounded number at once in a process."""

from collections.abc import AsyncGenerator

from fastapi import Response

from download.byte_responses import stream_response
from download.zipping import Member, stream_archive
from shared.http.problems import Problem


class Archives:
    """Answers archives while there is room."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._streaming = 0

    async def answer(self, members: AsyncGenerator[Member, None]) -> Response:
        """Answer a zip of `members`, which is read as the stream goes on.

        Raises:
            Problem: 503 `too_many_archives`.
        """
        if self._streaming >= self._at_once:
            raise Problem(503, "too_many_archives", "Too many archives are being made; try again.", retry_after_s=5)
        chunks = self._counted(members)
        await anext(chunks)  # it has begun now, so that closing it gives its place back even if nobody reads it
        return stream_response(chunks, media_type="application/zip", attachment="images.zip")

    async def _counted(self, members: AsyncGenerator[Member, None]) -> AsyncGenerator[bytes, None]:
        self._streaming += 1
        try:
            yield b""
            async for chunk in stream_archive(members):
                yield chunk
        finally:
            self._streaming -= 1
            await members.aclose()
