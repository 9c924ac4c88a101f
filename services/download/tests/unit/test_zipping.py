import asyncio
import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from download.zipping import Member, stream_archive


class Source:
    """Members on demand, and a record of what was demanded."""

    def __init__(self, *members: Member) -> None:
        self.members = members
        self.asked = 0
        self.closed = False

    async def stream(self) -> AsyncGenerator[Member, None]:
        try:
            for member in self.members:
                self.asked += 1
                yield member
        finally:
            self.closed = True


async def collected(members: AsyncIterator[Member]) -> bytes:
    return b"".join([piece async for piece in stream_archive(members)])


PICTURES = tuple(Member(f"image-{number}.jpg", bytes([number]) * 100_000) for number in range(1, 4))


async def test_archive_holds_every_member_as_it_is() -> None:
    archive = zipfile.ZipFile(io.BytesIO(await collected(Source(*PICTURES).stream())))
    assert archive.testzip() is None
    assert [Member(name, archive.read(name)) for name in archive.namelist()] == list(PICTURES)
    assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


async def test_archive_says_nothing_but_names_and_sizes() -> None:
    first = await collected(Source(*PICTURES).stream())
    assert first == await collected(Source(*PICTURES).stream())
    for info in zipfile.ZipFile(io.BytesIO(first)).infolist():
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert (info.extra, info.comment, info.create_system) == (b"", b"", 3)
        assert info.external_attr >> 16 == 0o100644


async def test_sizes_stand_before_the_data_for_readers_that_cannot_seek() -> None:
    body = await collected(Source(*PICTURES).stream())
    flags, _, _, _, crc, packed, size = struct.unpack("<HHHHIII", body[6:26])
    assert flags == 0
    assert crc == zipfile.ZipFile(io.BytesIO(body)).getinfo("image-1.jpg").CRC
    assert packed == size == 100_000


async def test_empty_archive_is_a_valid_one() -> None:
    assert zipfile.ZipFile(io.BytesIO(await collected(Source().stream()))).namelist() == []


@pytest.mark.skipif(shutil.which("unzip") is None, reason="needs unzip")
async def test_unzip_finds_nothing_wrong(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(await collected(Source(*PICTURES).stream()))
    process = await asyncio.create_subprocess_exec("unzip", "-t", str(file), stdout=subprocess.PIPE)
    output, _ = await process.communicate()
    assert process.returncode == 0, output


@given(st.dictionaries(st.from_regex(r"[a-z0-9é][a-z0-9._-]{0,20}", fullmatch=True), st.binary(max_size=300)))
def test_any_plain_names_and_bytes_come_back(files: dict[str, bytes]) -> None:
    source = Source(*(Member(name, body) for name, body in files.items()))
    archive = zipfile.ZipFile(io.BytesIO(asyncio.run(collected(source.stream()))))
    assert {name: archive.read(name) for name in archive.namelist()} == files


async def test_more_members_than_the_old_format_can_count() -> None:
    async def many() -> AsyncGenerator[Member, None]:
        for number in range(65_600):
            yield Member(f"{number}", b"")

    assert len(zipfile.ZipFile(io.BytesIO(await collected(many()))).namelist()) == 65_600


async def test_a_member_is_asked_for_only_when_the_one_before_was_taken() -> None:
    source = Source(*PICTURES)
    stream = stream_archive(source.stream())
    assert source.asked == 0
    for expected in (1, 2, 3):
        piece = await anext(stream)
        assert source.asked == expected
        assert len(piece) > 100_000
    assert [piece async for piece in stream]
    assert source.closed


async def test_client_that_leaves_ends_the_asking() -> None:
    source = Source(*PICTURES)
    stream = stream_archive(source.stream())
    await anext(stream)
    await stream.aclose()
    assert (source.asked, source.closed) == (1, True)


async def test_cancelled_while_waiting_for_a_member_closes_the_source() -> None:
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def stuck() -> AsyncGenerator[Member, None]:
        try:
            yield PICTURES[0]
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    task = asyncio.create_task(collected(stuck()))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed.is_set()


async def test_source_that_fails_leaves_an_archive_nobody_takes_for_whole() -> None:
    async def failing() -> AsyncGenerator[Member, None]:
        yield PICTURES[0]
        raise LookupError

    stream = stream_archive(failing())
    received = await anext(stream)
    assert len(received) > 100_000
    with pytest.raises(LookupError):
        await anext(stream)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(received))


@pytest.mark.parametrize("name", ["", "../a.jpg", "a/b.jpg", "a\\b.jpg", "c:a.jpg", ".hidden", "a\0b"])
async def test_name_that_is_a_path_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        await collected(Source(Member(name, b"")).stream())


async def test_name_that_occurs_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="occurs once"):
        await collected(Source(PICTURES[0], PICTURES[0]).stream())


async def test_waiting_archives_leave_the_event_loops_threads_alone() -> None:
    """Many archives whose members need a thread of the default executor: with stream-zip this stands still."""

    async def slow() -> AsyncGenerator[Member, None]:
        for number in range(3):
            yield Member(f"{number}.jpg", await asyncio.to_thread(lambda: b"x" * 100))

    async with asyncio.timeout(20):
        archives = await asyncio.gather(*(collected(slow()) for _ in range(100)))
    assert len(set(archives)) == 1
