"""What is built on the store alone: the fence and idempotency keys."""

import asyncio

import pytest
from pydantic import BaseModel

from shared.http.idempotency import IdempotencyKeys
from shared.http.problems import Problem
from shared.ids import UserId
from shared.mongo import Database, Fence
from shared.mongo import database as durable


class Body(BaseModel):
    text: str


async def test_key_names_one_resource_for_one_user_route_and_body(database: Database) -> None:
    keys = IdempotencyKeys(database["keys"])
    ann, bob, body = UserId("ann"), UserId("bob"), Body(text="a")
    assert await keys.claim(ann, "things", "k", body, "one") == "one"
    assert await keys.claim(ann, "things", "k", body, "two") == "one"
    assert await keys.claim(bob, "things", "k", body, "three") == "three"
    assert await keys.claim(ann, "others", "k", body, "four") == "four"
    assert await keys.claim(ann, "things", None, body, "five") == "five"
    with pytest.raises(Problem) as refused:
        await keys.claim(ann, "things", "k", Body(text="b"), "six")
    assert refused.value.code == "idempotency_key_reused"


async def test_key_raced_by_many_has_one_winner(database: Database) -> None:
    keys = IdempotencyKeys(database["keys"])
    claims = (keys.claim(UserId("ann"), "things", "k", None, str(number)) for number in range(10))
    assert len(set(await asyncio.gather(*claims))) == 1


async def test_fence_is_shared_only_by_those_who_came_before_it(database: Database) -> None:
    reads = 0

    class Counting(Fence):
        async def _read(self, before: "asyncio.Task[None] | None") -> None:
            nonlocal reads
            reads += 1
            await super()._read(before)

    fence = Counting(database["images"])
    first = asyncio.create_task(fence.wait())
    await asyncio.sleep(0)
    await asyncio.gather(first, *(fence.wait() for _ in range(10)))
    assert reads <= 2
    await fence.wait()
    assert reads <= 3


def test_every_write_is_majority_and_journalled(database: Database) -> None:
    concern = durable(database.client, "any").write_concern.document
    assert concern["w"] == "majority"
    assert concern["j"] is True
