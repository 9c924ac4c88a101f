"""A member of a consumer group, as a service is one."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.bus.broker import EventSender, create_broker
from shared.bus.consumer import GroupConsumer
from shared.bus.handler import Handler
from shared.bus.log_ends import LogEnds
from shared.bus.positions import Positions
from shared.consistency import Lease
from shared.testing.apps import eventually


@dataclass(frozen=True, slots=True)
class Member:
    """What a member consists of; nobody renews its lease but the test."""

    consumer: GroupConsumer
    lease: Lease
    log_ends: LogEnds

    async def caught_up(self) -> None:
        """Return once the rows hold everything that is in the log now."""
        ends = await self.log_ends.of(self.consumer.partitions())

        async def hold_it() -> bool:
            stored = await self.consumer.stored()
            return all(stored[partition].offset >= end for partition, end in ends.items())

        await eventually(hold_it, 20)


@asynccontextmanager
async def asking(bootstrap_servers: str) -> AsyncGenerator[LogEnds, None]:
    """Give what asks where logs end."""
    log_ends = LogEnds(bootstrap_servers)
    await log_ends.start()
    try:
        yield log_ends
    finally:
        await log_ends.aclose()


@asynccontextmanager
async def joined(
    bootstrap_servers: str, group: str, handlers: Mapping[str, Handler], positions: Positions
) -> AsyncGenerator[Member, None]:
    """Join `group` until the context ends."""
    broker = create_broker(bootstrap_servers, "tests", [])
    async with asking(bootstrap_servers) as log_ends, broker:
        consumer = GroupConsumer(group, broker, handlers, positions, EventSender(broker, 5.0), log_ends)
        await broker.start()
        yield Member(consumer, Lease(consumer, log_ends), log_ends)
