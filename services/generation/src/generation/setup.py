"""One-shot jobs of generation: indexes, and what a start after a lost log needs. All idempotent."""

from generation.repository import GenerationRepository
from generation.settings import Settings
from shared.http.idempotency import IdempotencyKeys
from shared.jobs import forget_positions, open_database, run_job
from shared.publication import Publisher


async def set_up(settings: Settings) -> None:
    """Make the indexes."""
    async with open_database(settings) as database:
        generations = GenerationRepository(database)
        await generations.create_indexes()
        await Publisher.create_indexes(generations.collection)
        await Publisher.create_indexes(generations.collection, "result_unpublished")
        await IdempotencyKeys(database["idempotency_keys"]).create_indexes()


async def reset_positions(settings: Settings) -> None:
    """Make the consumer groups read their topics from the beginning at the next start."""
    await forget_positions(settings, ("generation", "generation-worker", "generation-eraser"))


if __name__ == "__main__":
    run_job(Settings, {"set_up": set_up, "reset_positions": reset_positions})
