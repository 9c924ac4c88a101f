"""One-shot jobs of download: what a start after a lost log needs. All idempotent."""

from download.settings import Settings
from shared.jobs import forget_positions, run_job


async def set_up(settings: Settings) -> None:
    """Nothing to make: rows are read by id, and buckets are made by the object store's own job."""


async def reset_positions(settings: Settings) -> None:
    """Make the consumer groups read their topics from the beginning at the next start."""
    await forget_positions(settings, ("download", "download-eraser"))


if __name__ == "__main__":
    run_job(Settings, {"set_up": set_up, "reset_positions": reset_positions})
