"""What happens to the modelled system now and then, by its name."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from tests.chaos.model.system import AT, System

from shared.visibility import Visibility

_INTO_A_BULK = 5
"""Steps of a replica until it has written what a bulk changes, and not yet sent it."""

Accident = Callable[[System, int], Coroutine[Any, Any, None]]


async def poison_the_partition(system: System, _: int) -> None:
    """A record without a readable key."""
    system.log.append(AT.topic, AT.partition, b"\xff", b"{", {})


async def rewind(system: System, _: int) -> None:
    """Somebody sets download's group back with a tool."""
    system.log.commits["download"][AT] = 0


async def commit_beyond(system: System, _: int) -> None:
    """Download's group says that it has read what isn't there yet."""
    system.log.commits["download"][AT] = 1_000_000


async def compact(system: System, _: int) -> None:
    """The log is compacted as far as it has lain for long: nothing that is still being mended."""
    if await system.is_quiet():
        system.log.compact(AT)


async def compact_and_rebuild(system: System, which: int) -> None:
    """A late publisher, then compaction once all is quiet, and download's rows are made of what is left."""
    await send_late(system, which)
    await system.settle()
    await compact(system, which)
    await rebuild_download(system, which)
    await system.settle()


async def send_late(system: System, which: int) -> None:
    """An image is hidden; a publisher that was paused since it was public goes on; download reads that first."""
    name = system.images[which]
    await _hide(system, name)
    public = [it for it in system.log.records(AT) if it.key == name.encode() and b'"public"' in (it.value or b"")]
    if public:
        system.log.again(public[-1])
    await system.read_all_of_download()


async def hide_and_restore_download(system: System, which: int) -> None:
    """Download's store is copied, an image is hidden, the store is put back, and its replicas look how fresh it is."""
    await _show(system, system.images[which])
    await copy_download(system, which)
    await _hide(system, system.images[which])
    await restore_download(system, 0)
    await system.renew(1)


async def hide_unreadably(system: System, which: int) -> None:
    """An image is hidden by a record that nobody can read but for its headers."""
    await _show(system, system.images[which])
    system.galleries[0].broker.fate = "garbled"
    await system.change(system.images[which], Visibility.PRIVATE, 0)
    await system.read_all_of_download()
    await system.answer()


async def hide_all_after_a_death(system: System, steps: int) -> None:
    """A replica dies while it hides all images at once, and another one is asked to do the same."""
    for name in system.images:
        await _show(system, name)
    system.galleries[0].fuse.left = _INTO_A_BULK + steps
    await system.bulks.begin(Visibility.PRIVATE, 0, is_read=False)
    await system.bulks.begin(Visibility.PRIVATE, 1, is_read=False)


async def make_the_log_anew(system: System, _: int) -> None:
    """The topic is deleted and made again, empty."""
    if await system.is_quiet():
        system.log.make_anew(AT.topic)


async def copy_download(system: System, _: int) -> None:
    """Download's store is copied."""
    system.download_copy = await system.copy("download")


async def restore_download(system: System, who: int) -> None:
    """Download's store is put back to its copy, and a replica looks at once how fresh that is."""
    if system.download_copy is not None:
        await system.put_back("download", system.download_copy)
        await system.renew(who)


async def rebuild_download(system: System, _: int) -> None:
    """Download's store is emptied."""
    await system.put_back("download", {})


async def copy_gallery(system: System, _: int) -> None:
    """Gallery's store is copied."""
    system.gallery_copy = await system.copy("gallery")


async def restore_gallery(system: System, _: int) -> None:
    """Gallery's store is put back, once what it alone knew is in the log."""
    if system.gallery_copy is not None and await system.is_quiet():
        await system.put_back("gallery", system.gallery_copy)


async def restart_gallery(system: System, who: int) -> None:
    """A replica of gallery ends and comes back."""
    await system.restart_gallery(who)


async def restart_download(system: System, who: int) -> None:
    """A replica of download ends and comes back."""
    await system.restart_download(who)


async def _show(system: System, name: str) -> None:
    await system.change(name, Visibility.PUBLIC, 0)
    await system.settle()


async def _hide(system: System, name: str) -> None:
    await system.change(name, Visibility.PRIVATE, 0)
    await system.settle()
    await system.answer()


_ALL = (
    *(send_late, hide_and_restore_download, hide_unreadably, hide_all_after_a_death),
    *(poison_the_partition, rewind, commit_beyond, compact, compact_and_rebuild, make_the_log_anew),
    *(copy_download, restore_download, rebuild_download, copy_gallery, restore_gallery),
    *(restart_gallery, restart_download),
)
ACCIDENTS: Mapping[str, Accident] = {it.__name__: it for it in _ALL}
