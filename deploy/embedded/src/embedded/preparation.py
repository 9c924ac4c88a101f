"""What must be there before the services start: topics, buckets, indexes; after an unclean end, the whole log."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from embedded.errors import ServiceError, in_brief
from embedded.services import Catalogue, Environment, as_fields
from shared.objects import create_buckets
from shared.settings import ObjectStoreSettings
from shared.topics import create_topics

_WITHIN_S = 60.0
_COMPACTED_AFTER = timedelta(minutes=5)
"""This broker writes all that it has every second: what it keeps costs it time for good (ADR 6)."""


async def prepare(
    catalogue: Catalogue, environment: Environment, *, rebuild: bool, report: Callable[[str], None]
) -> None:
    """Make what is missing; `rebuild` publishes every truth again and makes every read model start anew.

    Raises:
        ServiceError: a store refuses something.
    """
    try:
        async with asyncio.timeout(_WITHIN_S):
            await asyncio.gather(
                _topics(environment),
                _buckets(environment),
                *(service.set_up(environment) for service in catalogue.services),
            )
        if rebuild:
            # As long as it takes: each send is bounded, and what is there grows.
            await _rebuild(catalogue, environment, report)
    except Exception as error:
        what = "took too long" if isinstance(error, TimeoutError) else f"failed ({in_brief(error)})"
        raise ServiceError(f"Setting up topics, buckets and indexes {what}.") from error


async def _rebuild(catalogue: Catalogue, environment: Environment, report: Callable[[str], None]) -> None:
    # The broker may have lost its last second: records, commits, even topics.
    report("The last run didn't end in order: publishing the truth again and rebuilding the read models.")
    for service in catalogue.services:
        await service.reset_positions(environment)
    for service in catalogue.services:
        if service.has_truth:
            count = await service.republish(environment)
            report(f"{service.name} published {count} of its states again.")


async def _topics(environment: Environment) -> None:
    await create_topics(environment["KAFKA_BOOTSTRAP_SERVERS"], replication_factor=1, compacted_after=_COMPACTED_AFTER)


async def _buckets(environment: Environment) -> None:
    await create_buckets(ObjectStoreSettings(**as_fields(environment)))  # type: ignore[arg-type]
