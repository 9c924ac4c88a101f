import random
from pathlib import Path
from typing import Any

import pytest
from tests.chaos.history import History
from tests.chaos.process import Process
from tests.chaos.settling import unsettled
from tests.chaos.stack import Shape, Stack
from tests.chaos.wire import Answer
from tests.chaos.world import Image, Person, World
from tests.chaos.writers import Writers


async def _is_ready() -> bool:
    return True


class _OneReplica(Stack):
    """A gallery that only its people's answers know of."""

    def token(self, user_id: str, *, operator: bool = False) -> str:
        return f"{user_id}{operator}"

    def replicas(self, service: str) -> list[Process]:
        if service != "gallery":
            return []
        return [Process("gallery-1", [], {}, self.folder, _is_ready)]


class _World(World):
    """An image that is made public after its owner was first asked about it."""

    shown_to_strangers = True

    def __init__(self, folder: Path) -> None:
        super().__init__(_OneReplica(Shape(), folder))
        self.asked = 0

    async def ask(self, name: str, person: Person, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        if person.user_id:
            self.asked += 1
            word = b"public" if self.asked > 1 else b"private"
            return Answer(200, {}, b'{"version": 2, "visibility": "%s"}' % word)
        return Answer(200 if self.shown_to_strangers else 404, {}, b"")


async def _no_volley(_: Image) -> None:
    return None


def _of(world: _World) -> Writers:
    world.images.append(Image("img_1", world.owners[0]))
    return Writers(world, History(), random.Random(1), _no_volley)


@pytest.mark.timeout(10)
async def test_a_change_that_was_on_its_way_when_its_writer_was_stopped_settles_nothing_wrong(tmp_path: Path) -> None:
    world = _World(tmp_path)
    assert await unsettled(world, _of(world), within_s=5.0) == []


@pytest.mark.timeout(10)
async def test_a_replica_that_never_agrees_with_the_truth_is_told(tmp_path: Path) -> None:
    world = _World(tmp_path)
    world.asked, world.shown_to_strangers = 1, False
    assert await unsettled(world, _of(world), within_s=0.7) == ["gallery-1 answers 404 about img_1, 200 is true"]
