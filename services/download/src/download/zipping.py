"""A zip archive as a stream: each member is asked for when the one before it has been sent.

The standard library writes the format and we only pass on what it wrote. stream-zip's async interface was refused:
every archive holds a thread of the event loop's default executor while it waits for a member, so a handful of
slow archives stop name look-ups and everything else that needs one, their own members included.
"""

import io
from collections.abc import AsyncGenerator, AsyncIterator
from typing import NamedTuple
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_NO_DATE = (1980, 1, 1, 0, 0, 0)  # The format's zero: it can't say "none".
_UNIX = 3
_READABLE_FILE = 0o100644 << 16


class Member(NamedTuple):
    """One file of an archive: a plain, neutral file name and all its bytes."""

    name: str
    body: bytes


async def stream_archive(members: AsyncIterator[Member]) -> AsyncGenerator[bytes, None]:
    """Give a zip of `members`, stored as they are, in pieces of one member each.

    Lazy: `members` is asked for the next one only when the consumer asks for more, so what it decides (is this
    image still to be seen?) is decided at that moment. One member is in memory at a time. Ending the stream early
    (`aclose`) asks for no more and closes `members`. When `members` raises, the stream ends without the archive's
    directory, so that no reader takes the part for the whole.

    Raises:
        ValueError: a member's name occurs twice or isn't a plain file name.
    """
    unsent = _Unsent()
    archive = ZipFile(unsent, "w", ZIP_STORED)
    names: set[str] = set()
    try:
        async for name, body in members:
            _refuse_bad_name(name, names)
            archive.writestr(_describe(name), body)
            del body  # Written already; not kept while the consumer is slow.
            yield unsent.take()
        archive.close()
        yield unsent.take()
    finally:
        archive.fp = None  # broken off: or it would try to finish itself when it is collected
        if isinstance(members, AsyncGenerator):
            await members.aclose()


def _refuse_bad_name(name: str, names: set[str]) -> None:
    if name in names or not name or name.startswith(".") or set(name) & set("/\\:\0"):
        raise ValueError("a member's name must be a plain file name that occurs once")
    names.add(name)


def _describe(name: str) -> ZipInfo:
    """Say only what every reader needs, the same on every machine and day."""
    info = ZipInfo(name, _NO_DATE)
    info.create_system = _UNIX
    info.external_attr = _READABLE_FILE
    return info


class _Unsent(io.BytesIO):
    """The end of a file whose beginning was sent; positions count from the beginning.

    `ZipFile` goes back to put sizes and checksum into a member's header when it can seek. Within one member it can,
    so readers that work from front to back, and refuse stored members without sizes, read our archives as well.
    """

    _sent = 0

    def tell(self) -> int:
        return self._sent + super().tell()

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only absolute positions")
        return self._sent + super().seek(position - self._sent)

    def take(self) -> bytes:
        """Give what hasn't been sent, and count it as sent."""
        piece = self.getvalue()
        super().seek(0)
        self.truncate(0)
        self._sent += len(piece)
        return piece
