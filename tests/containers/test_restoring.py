"""A gallery store from before a make-private takes the change from the topic before it serves strangers."""

import asyncio
from typing import Any

from pymongo import AsyncMongoClient
from tests.containers.system import System
from tests.e2e.api_client import Person
from tests.e2e.conftest import Somebody

Backup = dict[str, list[dict[str, Any]]]
Client = AsyncMongoClient[dict[str, Any]]
_DATABASE = "gallery"
_REFUSED_WITHIN_S = 60.0


async def backed_up(client: Client) -> Backup:
    """Give what `mongodump --db gallery` would."""
    database = client[_DATABASE]
    return {name: await database[name].find().to_list() for name in await database.list_collection_names()}


async def restore(client: Client, backup: Backup) -> None:
    """Do what `mongorestore --drop` would, but keep the indexes: they are the same."""
    database = client[_DATABASE]
    for name in await database.list_collection_names():
        await database[name].delete_many({})
        if backup.get(name):
            await database[name].insert_many(backup[name])


async def test_restored_gallery_shows_no_stranger_what_was_made_private_after_the_backup(
    containers: System, somebody: Somebody
) -> None:
    ann, stranger = await somebody("plus"), await somebody()
    (image,) = await ann.generate("a quiet lake")
    assert (await stranger.get(f"/v1/images/{image}")).status_code == 200
    client: Client = AsyncMongoClient(containers.stack().mongo_url)
    try:
        backup = await backed_up(client)
        assert (await ann.make(image, "private")).status_code == 200
        seen = await _restore_while_a_stranger_asks(containers, client, backup, stranger, image)
        assert set(seen) <= {404, 503, 504}, "the stranger saw what is private"
        assert seen[-1] == 404
    finally:
        await client.close()
    mine = (await ann.get(f"/v1/images/{image}")).json()
    assert mine["visibility"] == "private"
    assert mine["version"] >= 2
    assert image in await ann.creations("private")


async def _restore_while_a_stranger_asks(
    containers: System, client: Client, backup: Backup, stranger: Person, image: str
) -> list[int]:
    is_over, seen = asyncio.Event(), list[int]()

    async def ask() -> None:
        while not is_over.is_set():
            for path in (f"/v1/images/{image}", f"/v1/previews/{image}"):
                seen.append((await stranger.get(path)).status_code)

    asking = asyncio.create_task(ask())
    try:
        await asyncio.to_thread(containers.compose, "stop", "gallery")
        await restore(client, backup)
        document = await client[_DATABASE]["images"].find_one({"_id": image})
        assert document is not None
        assert document["visibility"] == "public", "the backup is older than the change"
        await asyncio.to_thread(
            containers.compose, "up", "--detach", "--wait", "--no-deps", "--no-recreate", "--no-build", "gallery"
        )
        async with asyncio.timeout(_REFUSED_WITHIN_S):
            while seen[-2:] != [404, 404] and set(seen) <= {404, 503, 504}:
                await asyncio.sleep(0.1)
    finally:
        is_over.set()
        await asking
    return seen
