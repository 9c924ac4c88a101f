"""Processes that stop where they are, end in order, or end without warning."""

import asyncio
import os
import resource
import signal
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.errors import PyMongoError
from tests.chaos.faults.scene import Scene, fault
from tests.chaos.process import Process


@fault("freeze")
async def freeze(scene: Scene) -> None:
    """A replica stops where it is, often for longer than a lease, and goes on as if nothing had happened."""
    process = scene.one_of(scene.stack.services)
    process.freeze()
    try:
        await scene.hold(0.3, 4.5)
    finally:
        process.thaw()


@fault("freeze-download")
async def freeze_download(scene: Scene) -> None:
    """The same for a replica of download: the one that reads, or the one that only serves."""
    process = scene.one_of(scene.stack.replicas("download"))
    process.freeze()
    try:
        await scene.hold(1.5, 5.0)
    finally:
        process.thaw()


@fault("freeze-store")
async def freeze_store(scene: Scene) -> None:
    """A store stops where it is."""
    names = [name for name in ("kafka-front", "mongo", "s3") if name in scene.stack.processes]
    process = scene.one_of([scene.stack.processes[name] for name in names])
    process.freeze()
    try:
        await scene.hold(0.5, 4.0)
    finally:
        process.thaw()


@fault("restart")
async def restart(scene: Scene) -> None:
    """A replica ends in order and comes back."""
    process = scene.one_of(scene.stack.services)
    await process.stop()
    await scene.hold(0.0, 2.0)
    await process.start()


@fault("restart-all-download")
async def restart_all(scene: Scene) -> None:
    """All replicas of download are away at once."""
    processes = scene.stack.replicas("download")
    scene.hit += [it.name for it in processes]
    await asyncio.gather(*(it.stop() for it in processes))
    await scene.hold(0.5, 3.0)
    await asyncio.gather(*(it.start() for it in processes))


@fault("restart-store")
async def restart_store(scene: Scene) -> None:
    """A store ends in order and comes back with its data."""
    names = [name for name in ("kafka", "mongo", "s3") if name in scene.stack.processes]
    process = scene.one_of([scene.stack.processes[name] for name in names])
    await process.stop()
    await scene.hold(0.0, 1.5)
    await process.start()


@fault("kill", needs="real")
async def kill(scene: Scene) -> None:
    """A replica ends as by a power cut; its group notices only when its session is over."""
    process = scene.one_of(scene.stack.services)
    await process.kill()
    await scene.hold(0.0, 3.0)
    await process.start(120)


@fault("kill-each", needs="real")
async def kill_each(scene: Scene) -> None:
    """Each replica of each service ends as by a power cut, one after the other."""
    for process in scene.stack.services:
        scene.hit.append(process.name)
        await process.kill()
        await scene.hold(0.0, 1.5)
        await process.start(120)


@fault("kill-store", needs="any")
async def kill_store(scene: Scene) -> None:
    """The document store ends as by a power cut; what it acknowledged is journalled."""
    process = scene.one_of([scene.stack.processes["mongo"]])
    await process.kill()
    await scene.hold(0.0, 1.0)
    await process.start()


@fault("disk-full")
async def disk_full(scene: Scene) -> None:
    """The document store's files can't grow: each write beyond fails as on a full disk, reads go on."""
    process = scene.one_of([scene.stack.processes["mongo"]])
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        await scene.hold(0.5, 3.0)
    finally:
        await _give_room(scene, process, before)


@fault("rebalance-storm", needs="real")
async def rebalance_storm(scene: Scene) -> None:
    """Replicas of download come and go in turn, so that partitions move again and again."""
    processes = scene.stack.replicas("download")
    for _ in range(3):
        process = scene.one_of(processes)
        os.kill(process.pid, signal.SIGKILL) if scene.chance.random() < 0.5 else None
        await process.stop()
        await process.start(120)


async def _give_room(scene: Scene, process: Process, limits: tuple[int, int]) -> None:
    if process.is_running:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, limits)
    # A store that once failed to write its journal may answer reads and take no write ever again: that needs a restart.
    if not await asyncio.to_thread(_takes_writes, scene.stack.stores.mongo_url):
        scene.hit.append("restarted")
        await process.stop()
        await process.start()


def _takes_writes(mongo_url: str) -> bool:
    with MongoClient[dict[str, Any]](
        mongo_url, serverSelectionTimeoutMS=2_000, socketTimeoutMS=3_000, retryWrites=False
    ) as client:
        durable = client["chaos"].get_collection("room", write_concern=WriteConcern(w="majority", j=True))
        try:
            durable.update_one({"_id": "room"}, {"$inc": {"writes": 1}}, upsert=True)
        except PyMongoError:
            return False
    return True
