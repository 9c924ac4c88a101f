"""After a campaign: nothing that was acknowledged is lost, and every replica shows what is true."""

import asyncio

from tests.chaos.history import NEVER_NS, History
from tests.chaos.world import Image, World
from tests.chaos.writers import Writers

_ASK_EVERY_S = 0.2


async def unsettled(world: World, writers: Writers, within_s: float) -> list[str]:
    """Wait until all replicas agree with the truth; give what doesn't in time."""
    wrong: list[str] = []
    try:
        async with asyncio.timeout(within_s):
            while wrong := [it for image in world.images for it in await _disagreeing(world, writers, image)]:
                await asyncio.sleep(_ASK_EVERY_S)
    except TimeoutError:
        return wrong or ["the replicas can't be asked"]
    return []


def lost(world: World, history: History) -> list[str]:
    """Give the images whose truth is older than an acknowledged change, or another than the last one that was made."""
    wrong = []
    for image in world.images:
        told = [it for it in history.changes if it.subject == image.id and it.version is not None]
        if not told or image.is_gone:
            continue
        last = max(told, key=lambda it: it.version or 0)
        if (last.version or 0) > image.version:
            wrong.append(f"{image.id}: version {last.version} was acknowledged, the truth is at {image.version}")
        is_last = not any(
            it.subject == image.id and it.version is None and it.outcome != "refused" and it.end_ns > last.start_ns
            for it in history.changes
        )
        if is_last and last.end_ns != NEVER_NS and (last.to == "shown") != image.is_shown:
            wrong.append(f"{image.id}: the last change was to {last.to}, the truth is another")
    return wrong


async def _disagreeing(world: World, writers: Writers, image: Image) -> list[str]:
    # Asked each time: a change whose writer was stopped in the middle may still be made.
    await writers.look(image)
    wanted = 200 if image.is_shown and not image.is_gone else 404
    wrong = []
    for process in (*world.stack.replicas("gallery"), *world.stack.replicas("download")):
        is_gallery = process.name.startswith("gallery")
        path = f"/v1/images/{image.id}" if is_gallery else f"/v1/previews/{image.id}?width=256"
        status = (await world.ask(process.name, world.viewers["anonymous"], "GET", path)).status
        if status != wanted:
            wrong.append(f"{process.name} answers {status} about {image.id}, {wanted} is true")
    return wrong
