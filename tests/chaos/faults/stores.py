"""Stores that forget: rows rebuilt from the compacted topic, and one store restored from an older copy."""

import asyncio
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from tests.chaos.faults.log import send_late
from tests.chaos.faults.scene import Scene, fault
from tests.chaos.topics import Raw, records_of, write

from shared.topics import VISIBILITY_CHANGES

Copy = dict[str, list[dict[str, Any]]]
_SETTLED_WITHIN_S = 20.0


@fault("rebuild")
async def rebuild(scene: Scene) -> None:
    """Download's rows and positions are lost; it reads the topics from their beginning."""
    await _away(scene, "download", lambda: _drop(scene, "download"))


@fault("compact-and-rebuild")
async def compact_and_rebuild(scene: Scene) -> None:
    """A late publisher, then compaction, which keeps the last record of each key; then a rebuild."""
    async with scene.kept_hidden() as kept:
        for image in kept:
            await scene.writers.hide(image)
        await send_late(scene, kept)
        await compact(scene)
        await rebuild(scene)


@fault("restore-download")
async def restore_download(scene: Scene) -> None:
    """Download's store comes back from an older copy; nothing else does."""
    await _restored(scene, "download")


@fault("restore-gallery")
async def restore_gallery(scene: Scene) -> None:
    """Gallery's truth comes back from an older copy; what it has published is in the log."""
    await _restored(scene, "gallery")


@fault("restore-entitlement")
async def restore_entitlement(scene: Scene) -> None:
    """Entitlement's truth comes back from an older copy."""
    await _restored(scene, "entitlement")


async def compact(scene: Scene) -> None:
    """Make the log roll its segments, so that its cleaner has something to do, and give it a moment."""
    filler = [
        Raw(VISIBILITY_CHANGES.name, number, b"filler", b"{}", (("chaos", b"1"),))
        for number in range(VISIBILITY_CHANGES.partitions)
    ]
    before = len(await records_of(scene.stack.kafka, VISIBILITY_CHANGES.name))
    for _ in range(4):
        await write(scene.stack.kafka, filler)
        await scene.hold(1.0, 1.5)
        if len(await records_of(scene.stack.kafka, VISIBILITY_CHANGES.name)) < before:
            scene.hit.append("compacted")
            return


async def _restored(scene: Scene, service: str) -> None:
    async with scene.kept_hidden() as kept:
        copy = await asyncio.to_thread(_dump, scene, service)
        for image in kept:
            await scene.writers.hide(image)
        await _all_published(scene, service)
        await _away(scene, service, lambda: _load(scene, service, copy))


async def _away(scene: Scene, service: str, work: Callable[[], None]) -> None:
    """Do something to a service's store while none of its replicas runs, as a restore is done."""
    processes = scene.stack.replicas(service)
    scene.hit.append(service)
    await asyncio.gather(*(it.stop() for it in processes))
    try:
        await asyncio.to_thread(work)
    finally:
        await asyncio.gather(*(it.start() for it in processes))


async def _all_published(scene: Scene, service: str) -> None:
    """Wait until nothing is left that only the store knows: what it alone knew would be lost with it."""
    name = {"gallery": "images", "entitlement": "subscriptions"}.get(service)
    if name is None:
        return
    async with asyncio.timeout(_SETTLED_WITHIN_S):
        while await asyncio.to_thread(_unpublished, scene, service, name):
            await asyncio.sleep(0.1)


def _client(scene: Scene) -> MongoClient[dict[str, Any]]:
    return MongoClient(scene.stack.stores.mongo_url, serverSelectionTimeoutMS=10_000, tz_aware=True)


def _unpublished(scene: Scene, service: str, name: str) -> int:
    with _client(scene) as client:
        return client[service][name].count_documents({"unpublished": True})


def _dump(scene: Scene, service: str) -> Copy:
    with _client(scene) as client:
        # Positions first: a copy may only know less than its rows, as one of a single moment does.
        names = sorted(client[service].list_collection_names(), key=lambda it: it != "positions")
        return {name: list(client[service][name].find({})) for name in names}


def _load(scene: Scene, service: str, copy: Copy) -> None:
    with _client(scene) as client:
        for name in {*client[service].list_collection_names(), *copy}:
            client[service][name].delete_many({})
            if copy.get(name):
                client[service][name].insert_many(copy[name])


def _drop(scene: Scene, service: str) -> None:
    with _client(scene) as client:
        for name in client[service].list_collection_names():
            client[service][name].delete_many({})
