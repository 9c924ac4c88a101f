"""What the services' one-shot jobs have in common. All idempotent."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager

from shared import mongo
from shared.bus.broker import EventSender, create_broker
from shared.bus.positions import Positions
from shared.contracts import Event
from shared.mongo import Collection, Database, Document
from shared.publication import Publisher
from shared.settings import ServiceSettings


@asynccontextmanager
async def open_database(settings: ServiceSettings) -> AsyncGenerator[Database, None]:
    """Open the service's database for a job."""
    client = mongo.connect(settings.mongo_url)
    try:
        yield mongo.database(client, settings.database)
    finally:
        client.close()


async def republish_truths(settings: ServiceSettings, collection: str, to_event: Callable[[Document], Event]) -> int:
    """Send every truth of `collection` again, for a log that lost some; give how many.

    Raises:
        KafkaError, TimeoutError: the cluster doesn't take them; those left are flagged and the sweeper goes on.
    """
    broker = create_broker(settings.kafka_bootstrap_servers, f"{settings.database}-republish", [])
    async with open_database(settings) as database, broker:
        await broker.start()
        truths: Collection = database[collection]
        return await Publisher(truths, to_event, EventSender(broker, settings.publish_timeout_s)).republish_all()


async def forget_positions(settings: ServiceSettings, groups: Iterable[str]) -> None:
    """Make consumer groups read their topics from the beginning at the next start: rows are rebuilt."""
    async with open_database(settings) as database:
        for group in groups:
            await Positions(database["positions"], group).reset()
