"""One-shot jobs of gallery: indexes, and what a start after a lost log needs. All idempotent."""

from gallery.changes.repository import ChangeRepository
from gallery.images.batches import Batches
from gallery.images.domain import to_event
from gallery.images.repository import ImageRepository
from gallery.settings import Settings
from shared.http.idempotency import IdempotencyKeys
from shared.jobs import drop_index_of_unsent, forget_positions, open_database, republish_truths, run_job


async def set_up(settings: Settings) -> None:
    """Make the indexes."""
    async with open_database(settings) as database:
        images = ImageRepository(database)
        await images.create_indexes()
        await drop_index_of_unsent(images.collection)
        await Batches(database).create_indexes()
        await ChangeRepository(database).create_indexes()
        await IdempotencyKeys(database["idempotency_keys"]).create_indexes()


async def republish(settings: Settings) -> int:
    """Send the truth of every image again; give how many."""
    return await republish_truths(settings, "images", to_event)


async def reset_positions(settings: Settings) -> None:
    """Make the consumer groups read their topics from the beginning at the next start."""
    await forget_positions(settings, ("gallery", "gallery-audit"))


if __name__ == "__main__":
    run_job(Settings, {"set_up": set_up, "republish": republish, "reset_positions": reset_positions})
