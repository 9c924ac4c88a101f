"""One-shot jobs of entitlement: indexes, and what a start after a lost log needs. All idempotent."""

from entitlement.domain import to_event
from entitlement.repository import SubscriptionRepository
from entitlement.settings import Settings
from shared.jobs import drop_index_of_unsent, forget_positions, open_database, republish_truths, run_job


async def set_up(settings: Settings) -> None:
    """Make the indexes."""
    async with open_database(settings) as database:
        subscriptions = SubscriptionRepository(database)
        await subscriptions.create_indexes()
        await drop_index_of_unsent(subscriptions.collection)


async def republish(settings: Settings) -> int:
    """Send the truth of every subscription again; give how many."""
    return await republish_truths(settings, "subscriptions", to_event)


async def reset_positions(settings: Settings) -> None:
    """Make the consumer groups read their topics from the beginning at the next start."""
    await forget_positions(settings, ("entitlement-audit",))


if __name__ == "__main__":
    run_job(Settings, {"set_up": set_up, "republish": republish, "reset_positions": reset_positions})
