"""Position: Kafka's commit counts, not the position that lies beside the rows and goes back with a restored store."""

import os
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient

from shared.bus.positions import Position, Positions

FAULTS = ("restore-download",)


class FromKafka(Positions):
    """Believes what the group has committed."""

    _admin: AIOKafkaAdminClient | None = None

    async def of(self, topic: str, partition: int) -> Position | None:
        return (await self.of_all([(topic, partition)])).get((topic, partition))

    async def of_all(self, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Position]:
        if self._admin is None:
            admin = AIOKafkaAdminClient(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"])
            await admin.start()
            self._admin = admin
        committed = await self._admin.list_consumer_group_offsets(self._group)
        wanted = set(partitions)
        return {
            (it.topic, it.partition): Position(at.offset)
            for it, at in committed.items()
            if (it.topic, it.partition) in wanted
        }

    async def advance(self, topic: str, partition: int, expected: Position, to: Position) -> None:
        return


PARTS = {"download": {"positions": FromKafka}}
