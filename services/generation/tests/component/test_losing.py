"""What a lost broker, a late gallery or a dead worker leaves is done in the end: once."""

import asyncio
import os
import secrets
import signal
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from generation.backends import Backend
from generation.domain import request_event, result_event
from generation.rendering import OnGenerationRequested
from generation.repository import GenerationRepository
from generation.settings import WorkerSettings
from generation.work_repository import WorkRepository
from shared import mongo
from shared.bus.broker import Place
from shared.ids import new_generation_id
from shared.objects import MASTERS
from shared.publication import Publisher
from shared.testing.apps import eventually
from shared.topics import GENERATION_RESULTS

Service = Any

_FAR = {"version": 1, "partition": 0, "offset": 0}
_NOT_SENT = {"unpublished": False, "unfinished": False}
"""Neither swept nor sent again: only the test hands it to workers."""


@contextmanager
def broker_frozen(bootstrap_servers: str) -> Generator[None, None, None]:
    """Let this module's broker answer nobody meanwhile; it is a child of ours, told by its port."""
    port = bootstrap_servers.rpartition(":")[2]
    argument = f"--kafka-port\0{port}\0".encode()
    pids = [int(it.parent.name) for it in Path("/proc").glob("[0-9]*/cmdline") if argument in _read(it)]
    assert len(pids) == 1
    os.kill(pids[0], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pids[0], signal.SIGCONT)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it has ended


def work_of_a_worker(generation: Service, backend: Backend) -> OnGenerationRequested:
    """Give what a worker does, without its consumer: one that can be broken off as a crash does."""
    work = WorkRepository(generation.database, f"wrk_{secrets.token_hex(4)}")
    results = Publisher(work.collection, result_event, generation.sender, "result_unpublished", "result_published")
    return OnGenerationRequested(work, backend, generation.objects, results, 60)


async def test_person_asks_while_the_broker_is_lost_gets_202_and_their_images_later(
    generation: Service, new_studio: Any
) -> None:
    await generation.plan("lost")
    with broker_frozen(generation.settings.kafka_bootstrap_servers):
        asked = await generation.submitted("lost", visibility="private")
        stored = await generation.document(asked["generation_id"])
        assert (stored["unpublished"], stored["published"]) == (True, None), "it is taken in: the sweeper sends it"
    async with generation.worker(new_studio):
        seen = await generation.is_("lost", asked["generation_id"], "succeeded", within_s=20)
    assert seen["visibility"] == "private"
    assert len(new_studio.asked) == 1


async def test_request_that_the_log_has_lost_is_sent_again(generation: Service, new_studio: Any) -> None:
    published = {"version": 1, "partition": 0, "offset": 1_000_000}
    stored = await generation.stored("log", flags={"unpublished": False, "published": published})
    async with generation.worker(new_studio):
        await generation.is_("log", stored["_id"], "succeeded")
    assert (await generation.document(stored["_id"]))["published"]["version"] == 1
    assert len(new_studio.asked) == 1


async def test_result_that_gallery_was_late_for_is_sent_again_and_then_shown(
    generation: Service, new_studio: Any
) -> None:
    await generation.plan("late")
    generation.gallery.pause()
    async with generation.worker(new_studio):
        made = await generation.submitted("late")

        async def is_sent() -> Any:
            stored = await generation.document(made["generation_id"])
            return stored["outcome"] is not None and not stored["result_unpublished"] and stored

        stored = await eventually(is_sent)
        at = stored["result_published"]
        await generation.passed(Place(GENERATION_RESULTS.name, at["partition"], at["offset"]), "generation")
        assert (await generation.see("late", made["generation_id"]))["status"] == "running", "gallery hasn't got it"
        generation.gallery.resume()
        # Its age is what resending looks at.
        await generation.database["generations"].update_one(
            {"_id": made["generation_id"]}, {"$set": {"changed_at": datetime.now(UTC) - timedelta(minutes=1)}}
        )
        await generation.is_("late", made["generation_id"], "succeeded")
    again = await generation.document(made["generation_id"])
    assert again["result_published"]["offset"] > stored["result_published"]["offset"]
    assert again["version"] == stored["version"]


async def test_worker_dies_mid_picture_and_another_goes_on_without_doubling_or_losing(
    generation: Service, new_studio: Any
) -> None:
    stored = await generation.stored("dead", str(new_generation_id()), _NOT_SENT, count=3)
    request = [request_event(stored)]
    new_studio.hold()
    dead, other = work_of_a_worker(generation, new_studio), work_of_a_worker(generation, new_studio)
    dying = asyncio.create_task(dead.apply(request, [0]))

    async def is_asked(count: int) -> bool:
        return len(new_studio.asked) == count

    await eventually(lambda: is_asked(1))
    new_studio.finish_one()
    await eventually(lambda: is_asked(2))
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert new_studio.stopped == 1
    new_studio.release()

    await other.apply(request, [0])
    assert len(new_studio.asked) == 2, "the dead one's lease holds for a while"
    await generation.database["generations"].update_one(
        {"_id": stored["_id"]}, {"$set": {"lease.until": datetime.now(UTC) - timedelta(seconds=1)}}
    )
    await asyncio.gather(other.apply(request, [0]), work_of_a_worker(generation, new_studio).apply(request, [0]))

    ended = await generation.document(stored["_id"])
    assert ended["outcome"] == "succeeded"
    assert len(new_studio.asked) == 4, "the first picture wasn't made again, the others once"
    made = {it["image_id"]: it["master_key"] for it in ended["images"]}
    assert list(made) == stored["image_ids"]
    for image_id, key in made.items():
        assert await generation.masters(image_id) == [key]


async def test_worker_that_comes_back_late_changes_nothing(generation: Service, new_studio: Any) -> None:
    stored = await generation.stored("slow", flags=_NOT_SENT)
    request = [request_event(stored)]
    new_studio.hold()
    slow = asyncio.create_task(work_of_a_worker(generation, new_studio).apply(request, [0]))

    async def has_begun() -> bool:
        return len(new_studio.asked) == 1

    await eventually(has_begun)
    past = datetime.now(UTC) - timedelta(seconds=1)
    await generation.database["generations"].update_one({"_id": stored["_id"]}, {"$set": {"lease.until": past}})
    other = type(new_studio)()
    await work_of_a_worker(generation, other).apply(request, [0])
    await generation.is_("slow", stored["_id"], "succeeded")
    ended = await generation.document(stored["_id"])
    new_studio.release()
    await slow
    assert await generation.document(stored["_id"]) == ended
    row_key = ended["images"][0]["master_key"]
    assert (await generation.objects.get(MASTERS, row_key)).startswith(b"\x89PNG")


async def test_worker_that_ends_gives_back_what_it_has_at_once(generation: Service, new_studio: Any) -> None:
    stored = await generation.stored("end", flags={"unpublished": False, "published": _FAR})
    request = [request_event(stored)]
    new_studio.hold()
    ending = work_of_a_worker(generation, new_studio)
    task = asyncio.create_task(ending.apply(request, [0]))

    async def has_begun() -> bool:
        return len(new_studio.asked) == 1

    await eventually(has_begun)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ending.let_go()
    new_studio.release()
    await work_of_a_worker(generation, new_studio).apply(request, [0])
    assert (await generation.document(stored["_id"]))["outcome"] == "succeeded"


async def test_results_still_being_shown_keep_no_old_one_from_being_sent_again(
    settings: WorkerSettings,
) -> None:
    client, now = mongo.connect(settings.mongo_url), datetime.now(UTC)
    try:
        generations = GenerationRepository(mongo.database(client, f"generation_{secrets.token_hex(4)}"))
        waiting = {"unfinished": True, "outcome": "succeeded", "result_unpublished": False}
        await generations.collection.insert_many(
            [{"_id": f"gen_young{number}", "changed_at": now, **waiting} for number in range(2)]
        )
        await generations.collection.insert_one({"_id": "gen_old", "changed_at": now - timedelta(minutes=1), **waiting})

        found = await generations.unshown(now - timedelta(seconds=10), limit=2)
    finally:
        await client.close()
    assert [it["_id"] for it in found] == ["gen_old"]
