"""Topics, SCRAM users and access control lists, as the table says; idempotent."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

from aiokafka.errors import KafkaConnectionError

from provisioning.access import Access, load_table
from provisioning.kafka_protocol import Acl, add_acl, list_acls, remove_acl, set_scram_passwords
from provisioning.settings import KafkaJob
from shared.kafka_clients import admin_client
from shared.topics import create_topics

log = logging.getLogger(__name__)

_TOPIC, _GROUP = 2, 3
_READ, _WRITE, _DESCRIBE = 3, 4, 8
_WITHIN_S = 60.0


async def provision(settings: KafkaJob) -> None:
    """Make what is missing, and take back what the table doesn't grant any more.

    Raises:
        KafkaError: the cluster refuses something.
        TimeoutError: it can't be reached in time.
    """
    async with asyncio.timeout(_WITHIN_S) as limit:
        await _create_topics(settings, limit)
        admin = admin_client(settings.kafka)
        await admin.start()
        try:
            table = load_table()
            await set_scram_passwords(
                admin, {it.name: read_secret(settings.principals_dir, it.name, "kafka_password") for it in table}
            )
            for access in table:
                wanted, had = set(acls(access)), await list_acls(admin, f"User:{access.name}")
                for acl in wanted - had:
                    await add_acl(admin, acl)
                for acl in had - wanted:
                    await remove_acl(admin, acl)
                log.info(
                    "rights set",
                    extra={"principal": access.name, "granted": len(wanted - had), "taken_back": len(had - wanted)},
                )
        finally:
            await admin.close()


async def _create_topics(settings: KafkaJob, limit: asyncio.Timeout) -> None:
    while not limit.expired():  # the time-out's cancellation alone may be swallowed
        try:
            await create_topics(settings.kafka, settings.kafka_replication_factor)
        except KafkaConnectionError:
            await asyncio.sleep(0.5)  # it may be starting
        else:
            return
    raise TimeoutError("Kafka can't be reached")


def acls(access: Access) -> Iterator[Acl]:
    """Give the rights of one principal as Kafka knows them."""

    def allow(kind: int, name: str, operation: int) -> Acl:
        return (kind, name, 3, f"User:{access.name}", "*", operation, 3)

    for topic in access.reads:
        yield allow(_TOPIC, topic, _READ)
    for topic in access.writes:
        yield allow(_TOPIC, topic, _WRITE)
    for topic in sorted({*access.reads, *access.writes}):
        yield allow(_TOPIC, topic, _DESCRIBE)
    for group in access.groups:
        yield allow(_GROUP, group, _READ)
    for group in sorted({*access.groups, *access.waits_for}):
        yield allow(_GROUP, group, _DESCRIBE)


def read_secret(principals: Path, principal: str, name: str) -> str:
    """Read one secret of a principal.

    Raises:
        OSError: there is none.
    """
    return (principals / principal / name).read_text().strip()
