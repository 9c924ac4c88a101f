"""Idempotency keys: a key names the resource that its request makes, so that a repeat finds it again.

What is kept is the resource's id, claimed before anything is made. A request that died half-way is done again
under the same id, and what makes the resource is idempotent by id; so no answer has to be stored.
"""

import hashlib
from datetime import UTC, datetime
from typing import Annotated

import orjson
from fastapi import Header
from pydantic import BaseModel
from pymongo.errors import DuplicateKeyError

from shared.http.problems import Problem
from shared.ids import UserId
from shared.mongo import Collection

KEPT_S = 24 * 60 * 60

IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")
]


class IdempotencyKeys:
    """The keys of one service, scoped to user and route and bound to the body."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    async def create_indexes(self) -> None:
        """Keys are forgotten after a day."""
        await self._collection.create_index("claimed_at", expireAfterSeconds=KEPT_S)

    async def claim(self, user: UserId, route: str, key: str | None, body: BaseModel | None, new_id: str) -> str:
        """Give the id of the resource to make: `new_id`, or the one that an earlier request claimed.

        Raises:
            Problem: 422 `idempotency_key_reused` when the key came with another body before.
        """
        if key is None:
            return new_id
        sent = orjson.dumps(None if body is None else body.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        # The digest is keyed by the caller's own secret-ish key, and of the whole body: no prompt can be read off it.
        digest = hashlib.sha256(key.encode() + b"\0" + sent).hexdigest()
        name = hashlib.sha256("\0".join((user, route, key)).encode()).hexdigest()
        claim = {"_id": name, "digest": digest, "resource_id": new_id, "claimed_at": datetime.now(UTC)}
        try:
            await self._collection.insert_one(claim)
        except DuplicateKeyError:
            earlier = await self._collection.find_one({"_id": name})
            if earlier is None or earlier["digest"] != digest:
                raise Problem(
                    422, "idempotency_key_reused", "This Idempotency-Key came with another request before."
                ) from None
            return str(earlier["resource_id"])
        return new_id
