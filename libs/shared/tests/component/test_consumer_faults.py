"""What the consumer does when its own calls fail."""

from shared.bus.positions import Position, Positions
from shared.contracts import VisibilityChanged
from shared.mongo import Database
from shared.read_model import ReadModel
from shared.testing.apps import eventually
from shared.testing.events import sending, visibility_changed
from shared.testing.groups import joined
from shared.topics import VISIBILITY_CHANGES

GROUP = "download"


class FailingPositions(Positions):
    """Positions of a store that is lost for the first few reads."""

    failures = 3

    async def of(self, topic: str, partition: int) -> Position | None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the store is lost")
        return await super().of(topic, partition)


async def test_store_lost_during_assignment_silences_no_partition(kafka: str, database: Database) -> None:
    rows = ReadModel(database["images"], VisibilityChanged)
    positions = FailingPositions(database["positions"], GROUP)
    async with joined(kafka, GROUP, {VISIBILITY_CHANGES.name: rows}, positions), sending(kafka) as sender:
        events = [visibility_changed("ann") for _ in range(8)]
        for event in events:
            await sender.send(event)

        async def all_written() -> bool:
            return all([await rows.row(event.key) is not None for event in events])

        await eventually(all_written)
        assert positions.failures == 0
