"""The sweeper: what a crash left is sent, once it is old enough that no request is at it any more."""

from datetime import UTC, datetime, timedelta

import pytest

from shared import mongo, publication
from shared.mongo import Document
from shared.publication import Publisher
from shared.testing.events import sending, visibility_changed


async def test_young_changes_keep_no_old_one_from_being_sent(
    database: mongo.Database, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publication, "SWEEP_AT_MOST", 2)
    truth, now = database["truth"], datetime.now(UTC)

    def changed(key: str, at: datetime) -> Document:
        return {"_id": key, "version": 1, "changed_at": at, "unpublished": True, "history": []}

    await truth.insert_many([changed(f"img_young{number}", now) for number in range(3)])
    await truth.insert_one(changed("img_old", now - timedelta(minutes=1)))
    async with sending(kafka) as sender:
        publisher = Publisher(truth, lambda it: visibility_changed("ann", it["_id"], "private"), sender)

        assert await publisher.sweep() == 1

    left = await truth.find({"unpublished": True}).to_list(10)
    assert sorted(it["_id"] for it in left) == ["img_young0", "img_young1", "img_young2"]
