"""`bulk`: many images made private in one change, enforced, against the two raw bulk writes that it needs."""

import asyncio
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Final

from pymongo import UpdateOne
from tests.e2e.api_client import Person, eventually

from bench.measuring import Pace, percentile, ratio_of, timed_ms
from bench.results import Result, Table
from bench.seeding import images_of, seed
from bench.system import System, running_system
from bench.wire import Connection
from shared import mongo
from shared.ids import ImageId, UserId
from shared.visibility import Visibility

IMAGES: Final = 10_000
_AT_ONCE = 500
_PREVIEWS_A_SECOND = 20
_IDLE_S = 10.0
_ENFORCED_WITHIN_S = 300.0
_NAME = "bench-raw-bulk"


async def measure(pace: Pace) -> Result:
    """Make `IMAGES` images private in one change, in each round, with previews of another person's image beside it."""
    async with running_system() as system:
        ann, bob = await system.somebody("plus"), await system.somebody("plus")
        images = await seed(system, UserId(str(ann.user_id)), IMAGES, (Visibility.PUBLIC,))
        (shown,) = await bob.generate(visibility="public")
        async with system.connection() as connection:
            previews = _Previews(connection, shown)
            idle = await previews.during(asyncio.sleep(_IDLE_S))
            beside: list[float] = []
            rounds: list[tuple[list[float], list[float]]] = []
            for number in range(pace.rounds):
                ours: list[float] = []
                beside += await previews.during(_timed(ours, ann, Visibility.PRIVATE))
                peer = [await timed_ms(partial(_raw, system, images))]
                rounds.append((ours, peer))
                pace.say(
                    f"bulk, round {number + 1} of {pace.rounds}: {ours[0] / 1000:.1f} s, raw {peer[0] / 1000:.1f} s"
                )
                await _change(ann, Visibility.PUBLIC)
        rows = [("idle", *_quantiles(idle)), ("during the change", *_quantiles(beside))]
        table = Table("previews of another image beside it, ms", ("when", "p50", "p99", "slowest"), rows)
        return Result([ratio_of(f"{IMAGES:,} images private, enforced, against two raw bulk writes", rounds)], [table])


class _Previews:
    """Asks for one preview again and again while something else goes on."""

    def __init__(self, connection: Connection, image: str) -> None:
        self._connection = connection
        self._request = connection.request("GET", f"/v1/previews/{image}?width=256", {})

    async def during(self, work: Coroutine[object, object, None]) -> list[float]:
        """Give the milliseconds of each until `work` is done."""
        task = asyncio.create_task(work)
        loop, times = asyncio.get_running_loop(), list[float]()
        began = loop.time()
        while not task.done():
            times.append(await timed_ms(partial(self._connection.send, self._request)))
            await asyncio.sleep(max(0.0, began + len(times) / _PREVIEWS_A_SECOND - loop.time()))
        await task
        return times


async def _timed(times: list[float], owner: Person, to: Visibility) -> None:
    times.append(await timed_ms(lambda: _change(owner, to)))


async def _change(owner: Person, to: Visibility) -> None:
    answer = await owner.ask("POST", "/v1/changes", json={"visibility": to, "select": {"visibility": "all"}})
    answer.raise_for_status()
    path = f"/v1/changes/{answer.json()['id']}"

    async def is_enforced() -> bool:
        return bool((await owner.get(path, params={"limit": 1})).json()["state"] == "enforced")

    await eventually(is_enforced, _ENFORCED_WITHIN_S)


async def _raw(system: System, images: Sequence[ImageId]) -> None:
    database = mongo.database(system.mongo, _NAME)
    documents = await images_of(system).find({"_id": {"$in": list(images[:1])}}, {"history": 0}).to_list(1)
    row = {name: value for name, value in documents[0].items() if name != "_id"}
    try:
        for collection in ("truth", "rows"):
            for start in range(0, len(images), _AT_ONCE):
                writes = [UpdateOne({"_id": it}, {"$set": row}, upsert=True) for it in images[start : start + _AT_ONCE]]
                await database[collection].bulk_write(writes, ordered=False)
    finally:
        await system.mongo.drop_database(_NAME)


def _quantiles(times: Sequence[float]) -> tuple[float, float, float]:
    return percentile(times, 50), percentile(times, 99), max(times)
