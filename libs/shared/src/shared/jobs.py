"""What the services' one-shot jobs have in common. All idempotent."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from shared import mongo
from shared.bus.broker import EventSender, create_broker
from shared.bus.positions import Positions
from shared.consistency import UNENFORCED
from shared.contracts import Event
from shared.mongo import Collection, Database, Document
from shared.publication import Publisher
from shared.settings import ServiceSettings, load
from shared.telemetry import log_as_json

S = TypeVar("S", bound=ServiceSettings)


@asynccontextmanager
async def open_database(settings: ServiceSettings) -> AsyncGenerator[Database, None]:
    """Open the service's database for a job."""
    client = mongo.connect(settings.mongo_url, settings.mongo_login)
    try:
        yield mongo.database(client, settings.database)
    finally:
        await client.close()


async def republish_truths(settings: ServiceSettings, collection: str, to_event: Callable[[Document], Event]) -> int:
    """Send every truth of `collection` again, for a log that lost some; give how many.

    Raises:
        KafkaError, TimeoutError: the cluster doesn't take them; those left are flagged and the sweeper goes on.
    """
    broker = create_broker(settings.kafka, f"{settings.database}-republish", [])
    async with open_database(settings) as database, broker:
        await broker.start()
        truths: Collection = database[collection]
        return await Publisher(truths, to_event, EventSender(broker, settings.publish_timeout_s)).republish_all()


async def drop_index_of_unsent(truths: Collection) -> None:
    """Drop the index that earlier versions found unsent truths by; by now these are found among the unenforced."""
    if "unpublished" in await truths.index_information():
        await truths.update_many({"unpublished": True}, {"$set": UNENFORCED})
        await truths.drop_index("unpublished")


async def forget_positions(settings: ServiceSettings, groups: Iterable[str]) -> None:
    """Make consumer groups read their topics from the beginning at the next start: rows are rebuilt."""
    async with open_database(settings) as database:
        for group in groups:
            await Positions(database["positions"], group).reset()


def run_job(settings: type[S], jobs: Mapping[str, Callable[[S], Awaitable[Any]]]) -> None:
    """Do the job that the command line names, the first one by default; its failure is the process's."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else next(iter(jobs))
    if wanted not in jobs:
        sys.exit(f"no such job: {wanted}; there are {', '.join(jobs)}")
    loaded = load(settings)
    log_as_json(f"{loaded.database}-job", loaded.log_level)

    async def job() -> None:
        await jobs[wanted](loaded)

    asyncio.run(job())
