"""`bulk`: many images made private in one change, enforced, against the two raw bulk writes that it needs.

There are two peers: what each image's truth and row become, written as new documents without any index; and the two
updates that the change consists of, of as many documents as large, under the truth's indexes.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from pymongo import UpdateOne
from tests.e2e.api_client import Person, eventually

from bench.measuring import Pace, percentile, ratio_of, timed_ms
from bench.results import Result, Table
from bench.seeding import images_of, insert_rows, seed
from bench.system import System, running_system
from gallery.images.domain import Image, entry, to_event
from gallery.images.repository import ImageRepository
from shared import mongo
from shared.contracts import Cause
from shared.ids import ImageId, UserId, new_change_id
from shared.read_model import to_document
from shared.visibility import Visibility

IMAGES: Final = 10_000
_AT_ONCE = 500
_PREVIEWS_A_SECOND = 20
_IDLE_S = 30.0
_ENFORCED_WITHIN_S = 300.0
_ASK_EVERY_S = 0.25
_NAME = "bench-raw-bulk"


async def measure(pace: Pace) -> Result:
    """Make `IMAGES` images private in one change, in each round, with previews of another person's image beside it."""
    async with running_system() as system:
        ann, bob = await system.somebody("plus"), await system.somebody("plus")
        images = await seed(system, UserId(str(ann.user_id)), IMAGES, (Visibility.PUBLIC,))
        await insert_rows(system, images)
        (shown,) = await bob.generate(visibility="public")
        previews = _Previews(system, shown)
        idle = await previews.during(asyncio.sleep(_IDLE_S))
        beside: list[float] = []
        new: list[tuple[list[float], list[float]]] = []
        changed: list[tuple[list[float], list[float]]] = []
        for number in range(pace.rounds):
            ours: list[float] = []
            beside += await previews.during(_timed(ours, ann, Visibility.PRIVATE))
            new.append((ours, [await _new_documents_ms(system, images)]))
            changed.append((ours, [await _updates_ms(system, images)]))
            pace.say(
                f"bulk, round {number + 1} of {pace.rounds}: {ours[0] / 1000:.1f} s, "
                f"raw {new[-1][1][0] / 1000:.1f} s (new) and {changed[-1][1][0] / 1000:.1f} s (updates)"
            )
            await _change(ann, Visibility.PUBLIC)
        rows = [("idle", *_quantiles(idle)), ("during the change", *_quantiles(beside))]
        table = Table("previews of another image beside it, ms", ("when", "p50", "p99", "slowest"), rows)
        what = f"{IMAGES:,} images private, enforced, against two raw bulk writes"
        return Result([ratio_of(f"{what} of new documents", new), ratio_of(f"{what} as updates", changed)], [table])


class _Previews:
    """Asks for one preview again and again while something else goes on."""

    def __init__(self, system: System, image: str) -> None:
        self._system = system
        self._path = f"/v1/previews/{image}?width=256"

    async def during(self, work: Coroutine[object, object, None]) -> list[float]:
        """Give the milliseconds of each until `work` is done, on a connection of its own: an idle one is closed."""
        loop, times = asyncio.get_running_loop(), list[float]()
        async with self._system.connection() as connection, asyncio.TaskGroup() as tasks:
            request = connection.request("GET", self._path, {})
            task, began = tasks.create_task(work), loop.time()
            while not task.done():
                times.append(await timed_ms(partial(connection.send, request)))
                await asyncio.sleep(max(0.0, began + len(times) / _PREVIEWS_A_SECOND - loop.time()))
        return times


async def _timed(times: list[float], owner: Person, to: Visibility) -> None:
    times.append(await timed_ms(lambda: _change(owner, to)))


async def _change(owner: Person, to: Visibility) -> None:
    answer = await owner.ask("POST", "/v1/changes", json={"visibility": to, "select": {"visibility": "all"}})
    answer.raise_for_status()
    path = f"/v1/changes/{answer.json()['id']}"

    async def is_enforced() -> bool:
        return bool((await owner.get(path, params={"limit": 1})).json()["state"] == "enforced")

    await eventually(is_enforced, _ENFORCED_WITHIN_S, _ASK_EVERY_S)


async def _new_documents_ms(system: System, images: Sequence[ImageId]) -> float:
    (document,) = await images_of(system).find({"_id": images[0]}, {"history": 0}).to_list(1)
    row = {name: value for name, value in document.items() if name != "_id"}
    writes = [UpdateOne({"_id": it}, {"$set": row}, upsert=True) for it in images]
    database = mongo.database(system.mongo, _NAME)
    try:
        return await timed_ms(partial(_write_both, database, writes, writes))
    finally:
        await _empty(database, images)


async def _updates_ms(system: System, images: Sequence[ImageId]) -> float:
    database = mongo.database(system.mongo, _NAME)
    try:
        await ImageRepository(database).create_indexes()
        truths: list[UpdateOne] = []
        rows: list[UpdateOne] = []
        for start in range(0, len(images), _AT_ONCE):
            found = images_of(system).find({"_id": {"$in": list(images[start : start + _AT_ONCE])}})
            documents = await found.to_list(_AT_ONCE)
            await database["images"].insert_many(documents)
            await database["rows"].insert_many([_row(it) for it in documents])
            truths += [_truth_update(it) for it in documents]
            rows += [_row_update(it) for it in documents]
        return await timed_ms(partial(_write_both, database, truths, rows))
    finally:
        await _empty(database, images)


async def _empty(database: mongo.Database, images: Sequence[ImageId]) -> None:
    """Delete what was written, some at a time: a store may stop for as long as it drops a large collection whole."""
    for name in ("images", "rows"):
        for ids in mongo.chunks(images):
            await database[name].delete_many({"_id": {"$in": ids}})
    await database.client.drop_database(database)


async def _write_both(database: mongo.Database, truths: Sequence[UpdateOne], rows: Sequence[UpdateOne]) -> None:
    for collection, writes in (("images", truths), ("rows", rows)):
        for start in range(0, len(writes), _AT_ONCE):
            await database[collection].bulk_write(writes[start : start + _AT_ONCE], ordered=False)


def _truth_update(document: mongo.Document) -> UpdateOne:
    image = Image.model_validate(document)
    change = entry(image, Visibility.PUBLIC, image.owner_id, Cause.BULK, new_change_id(), datetime.now(UTC))
    state = {"visibility": change.to.value, "version": change.version, "changed_at": change.at, "unpublished": True}
    pushed = {"history": to_document(change.model_dump(by_alias=True))}
    return UpdateOne({"_id": image.id, "version": image.version}, {"$set": state, "$push": pushed})


def _row_update(document: mongo.Document) -> UpdateOne:
    row = _row(document) | {"version": document["version"] + 1, "visibility": Visibility.PUBLIC.value}
    return UpdateOne({"_id": row.pop("_id"), "version": document["version"]}, {"$set": row}, upsert=True)


def _row(document: mongo.Document) -> mongo.Document:
    row: mongo.Document = to_document(to_event(document).model_dump(mode="python"))
    return {"_id": document["_id"], **row}


def _quantiles(times: Sequence[float]) -> tuple[float, float, float]:
    return percentile(times, 50), percentile(times, 99), max(times)
