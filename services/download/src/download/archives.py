"""Archives: streamed, a bounded number at once in a process."""

from collections.abc import AsyncGenerator

from fastapi.responses import StreamingResponse

from download.zipping import Member, stream_archive
from shared.http.problems import Problem


class Archives:
    """Answers archives while there is room."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._streaming = 0

    def answer(self, members: AsyncGenerator[Member, None]) -> StreamingResponse:
        """Answer a zip of `members`, which is read as the stream goes on.

        Raises:
            Problem: 503 `too_many_archives`.
        """
        if self._streaming >= self._at_once:
            raise Problem(503, "too_many_archives", "Too many archives are being made; try again.", retry_after_s=5)
        return StreamingResponse(
            self._counted(members),
            media_type="application/zip",
            headers={
                "Cache-Control": "private, no-store",
                "Content-Disposition": 'attachment; filename="images.zip"',
                "X-Content-Type-Options": "nosniff",
                "X-Robots-Tag": "noindex",
            },
        )

    async def _counted(self, members: AsyncGenerator[Member, None]) -> AsyncGenerator[bytes, None]:
        self._streaming += 1
        try:
            async for chunk in stream_archive(members):
                yield chunk
        finally:
            self._streaming -= 1
            await members.aclose()
