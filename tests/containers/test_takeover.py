"""The work of a killed worker is taken over."""

import asyncio
import subprocess
from typing import Any

import pytest
from tests.containers.system import System
from tests.e2e.api_client import Person, eventually
from tests.e2e.conftest import Somebody

pytestmark = pytest.mark.timeout(280)


async def caught_at_work(person: Person, worker: str) -> dict[str, Any]:
    """Hold the only worker still while it makes somebody's images, and give that generation."""

    async def is_caught() -> dict[str, Any] | None:
        answer = await person.submit("a quiet lake", visibility="private", count=4)
        assert answer.status_code == 202, answer.text
        path = f"/v1/generations/{answer.json()['generation_id']}"

        async def is_begun() -> bool:
            return bool((await person.get(path)).json()["status"] != "queued")

        await eventually(is_begun)
        # Stopping takes a moment, in which a quick worker may end: only what stands still is certain.
        await asyncio.to_thread(_docker, "pause", worker)
        seen: dict[str, Any] = (await person.get(path)).json()
        if seen["status"] == "running":
            return seen
        await asyncio.to_thread(_docker, "unpause", worker)
        return None

    return await eventually(is_caught)


async def test_another_worker_ends_what_a_killed_one_had_begun(containers: System, somebody: Somebody) -> None:
    ann = await somebody("plus")
    (worker,) = containers.containers("generation-worker")
    begun = await caught_at_work(ann, worker.id)
    await asyncio.to_thread(_docker, "rm", "--force", worker.id)
    await asyncio.to_thread(containers.scale, "generation-worker", 1)
    (other,) = containers.containers("generation-worker")
    assert other.id != worker.id

    seen = await ann.finished(begun["generation_id"])
    assert (seen["status"], seen["visibility"]) == ("succeeded", "private"), seen
    assert seen["image_ids"] == begun["image_ids"]
    for image_id in seen["image_ids"]:

        async def is_there(image_id: str = image_id) -> bool:
            return (await ann.get(f"/v1/previews/{image_id}")).status_code == 200

        await eventually(is_there)


def _docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, capture_output=True, timeout=60)
