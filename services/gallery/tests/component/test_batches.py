"""What a bulk writes is noted once for a batch: only by its writer, only when all of it is everywhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gallery.images.domain import Image, StoredEntry, entry
from shared.contracts import Cause
from shared.ids import ImageId, new_change_id
from shared.mongo import StoreError
from shared.testing.apps import eventually
from shared.testing.events import visibility_changed
from shared.visibility import Visibility

Bulks = Any
Gallery = Any
PRIVATE = Visibility.PRIVATE


async def told(bulks: Bulks, image_id: str) -> list[tuple[Visibility, datetime | None]]:
    """Give what the image's history tells of each version: what it became, and when that was everywhere."""
    history = [StoredEntry.model_validate(it) for it in (await bulks.document(image_id))["history"]]
    return [(it.to, it.enforced_at) for it in await bulks.batches.told(history)]


async def unsettled(bulks: Bulks) -> set[ImageId]:
    """Give the images that aren't known to be everywhere."""
    images = [Image.model_validate(it) async for it in bulks.writer.collection.find({})]
    found: set[ImageId] = await bulks.batches.unsettled(images)
    return found


async def found(bulks: Bulks, after: timedelta) -> list[str]:
    """Give what somebody who follows up finds then."""
    return [it["_id"] for it in await bulks.writer.unenforced(datetime.now(UTC) + after, 100)]


async def died(bulks: Bulks, enforcers: Any, count: int = 3) -> list[ImageId]:
    """Give images that a bulk wrote, whose replica ended before any of them was sent."""
    ids = await bulks.settled_images(count)
    await bulks.run(await bulks.accept(ids, PRIVATE), enforcers(lost_at=1))
    return list(ids)


async def test_what_is_everywhere_is_noted_once_and_told_by_each_history(bulks: Bulks, enforcers: Any) -> None:
    ids = await bulks.settled_images(3)

    await bulks.run(await bulks.accept(ids, PRIVATE), enforcers())

    assert await bulks.database["batches"].count_documents({}) == 1
    for image_id in ids:
        assert "enforced_at" not in (await bulks.document(image_id))["history"][-1], "not by itself"
        _, (to, at) = await told(bulks, image_id)
        assert (to, at is None) == (PRIVATE, False)
    assert await unsettled(bulks) == set()
    assert await found(bulks, timedelta(hours=1)) == []


async def test_what_a_dead_replica_wrote_is_found_though_no_image_is_flagged(bulks: Bulks, enforcers: Any) -> None:
    ids = await died(bulks, enforcers)

    assert await unsettled(bulks) == set(ids)
    assert [(await told(bulks, it))[-1] for it in ids] == [(PRIVATE, None)] * 3
    assert await found(bulks, -timedelta(seconds=3)) == [], "its writer may be at it"
    assert await found(bulks, timedelta(0)) == ids


async def test_what_was_written_is_found_though_the_store_was_lost_right_after_it(
    bulks: Bulks, enforcers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await bulks.settled_images(3)
    change = await bulks.accept(ids, PRIVATE)
    write = bulks.writer.change_many

    async def write_and_die(changes: Any) -> Any:
        await write(changes)
        raise StoreError("lost")

    monkeypatch.setattr(bulks.writer, "change_many", write_and_die)
    await bulks.run(change, enforcers())

    assert [(await bulks.document(it))["visibility"] for it in ids] == ["private"] * 3
    assert await found(bulks, timedelta(0)) == ids


async def test_batch_is_looked_at_again_after_twice_the_time_while_its_writer_may_have_paused(bulks: Bulks) -> None:
    ids = await bulks.settled_images(1)
    batch, began = await bulks.batches.open(ids), datetime.now(UTC)

    async def is_seen(seconds: float) -> bool:
        return list(await bulks.batches.left(began + timedelta(seconds=seconds), 10)) == [batch]

    assert [it for it in (3, 4, 5.9, 6.1, 7, 12, 12.3) if await is_seen(it)] == [3, 6.1, 12.3]


async def test_followed_up_images_stand_for_themselves(bulks: Bulks, enforcers: Any) -> None:
    ids = await died(bulks, enforcers)
    documents = await bulks.writer.unenforced(datetime.now(UTC), 100)

    await bulks.writer.mark([(documents[0], None)], [], enforced=True)
    await bulks.writer.mark([(documents[1], None)], [], enforced=False)

    assert await unsettled(bulks) == set(ids[1:])
    assert [(await told(bulks, it))[-1][1] is None for it in ids] == [False, True, True]
    assert (await bulks.document(ids[1]))["enforcing"], "no batch says it any more"


async def test_slice_that_an_enforcer_doesnt_get_is_followed_up_image_by_image(bulks: Bulks, enforcers: Any) -> None:
    ids = await bulks.settled_images(3)

    left = await bulks.run(await bulks.accept(ids, PRIVATE), enforcers(are_behind=True))

    assert left.state == "pending"
    assert await unsettled(bulks) == set(ids)
    assert await bulks.database["batches"].count_documents({}) == 0
    assert await found(bulks, timedelta(0)) == ids


async def test_batch_that_nobody_knows_any_more_is_not_noted(bulks: Bulks, enforcers: Any) -> None:
    ids = await bulks.settled_images(3)

    async def forget() -> None:
        await bulks.database["batches"].delete_many({})

    await bulks.run(await bulks.accept(ids, PRIVATE), enforcers(forget))

    assert await unsettled(bulks) == set(), "each was noted by itself"
    assert [(await told(bulks, it))[-1][1] is None for it in ids] == [False] * 3


async def test_batch_replaces_nothing_that_is_on_its_way_itself(bulks: Bulks, enforcers: Any) -> None:
    flagged, in_a_batch, settled = await died(bulks, enforcers)
    documents = {it["_id"]: it for it in await bulks.writer.unenforced(datetime.now(UTC), 100)}
    await bulks.writer.mark([(documents[flagged], None)], [], enforced=False)
    await bulks.writer.mark([(documents[settled], None)], [], enforced=True)
    ids = [flagged, in_a_batch, settled]
    change = await bulks.accept(ids, Visibility.PUBLIC)
    items = [it.model_copy(update={"version": 2}) for it in await bulks.changes.items(change, 0)]
    await bulks.changes.save_slice(change, 0, items)

    await bulks.run(change, enforcers(lost_at=1))

    stored = [await bulks.document(it) for it in ids]
    assert [it["version"] for it in stored] == [3, 3, 3]
    assert [it["enforcing"] for it in stored] == [True, True, False]
    assert [it["batch"] is None for it in stored] == [True, True, False]


async def test_bulk_that_finds_another_one_s_images_enforces_them_before_it_says_so(
    bulks: Bulks, enforcers: Any
) -> None:
    ids = await died(bulks, enforcers)
    another = enforcers()

    done = await bulks.run(await bulks.accept(ids, PRIVATE), another)

    assert (done.state, done.counts.unchanged) == ("enforced", 3)
    assert another.slices == [ids]
    assert await unsettled(bulks) == set()


async def test_later_change_leaves_what_a_batch_has_noted(bulks: Bulks, enforcers: Any) -> None:
    (image_id,) = await bulks.settled_images(1)
    await bulks.run(await bulks.accept([image_id], PRIVATE), enforcers())
    before = await told(bulks, image_id)
    document = await bulks.document(image_id)
    change = entry(
        Image.model_validate(document), Visibility.PUBLIC, bulks.owner, Cause.OWNER, new_change_id(), datetime.now(UTC)
    )
    changed = await bulks.writer.change_one(document, change)
    assert await unsettled(bulks) == {image_id}

    await bulks.writer.mark([(changed, None)], [], enforced=True)

    *earlier, (_, at) = await told(bulks, image_id)
    assert earlier == before
    assert at is not None


async def test_deletions_are_followed_one_by_one(bulks: Bulks, enforcers: Any) -> None:
    ids = await bulks.settled_images(2)

    await bulks.run(await bulks.accept(ids, Visibility.DELETED), enforcers())

    assert await bulks.database["batches"].count_documents({}) == 0
    assert [it["published"]["version"] for it in await bulks.writer.unerased(10)] == [2, 2]


@pytest.mark.parametrize("meanwhile", ["reaffirm", "adopt"])
async def test_what_is_raised_by_the_log_is_in_no_batch(bulks: Bulks, enforcers: Any, meanwhile: str) -> None:
    (image_id,) = await bulks.settled_images(1)
    await bulks.run(await bulks.accept([image_id], PRIVATE), enforcers())

    if meanwhile == "reaffirm":
        await bulks.writer.reaffirm(image_id, 5)
    else:
        await bulks.writer.adopt(visibility_changed(bulks.owner, image_id, "private", version=5))

    stored = await bulks.document(image_id)
    assert (stored["batch"], stored["enforcing"]) == (None, True)


async def test_owner_who_repeats_what_a_dead_replica_wrote_is_answered_once_it_is_everywhere(
    gallery: Gallery, bulks: Bulks, enforcers: Any
) -> None:
    await gallery.plan("ann")
    image_id = await gallery.image("ann")
    dead = type(bulks)(gallery.database)

    async def is_settled() -> bool:
        return not (await dead.document(image_id))["enforcing"]

    await eventually(is_settled)
    await dead.run(await dead.accept([ImageId(image_id)], PRIVATE), enforcers(lost_at=1))
    assert (await dead.document(image_id))["batch"] is not None

    answer = await gallery.client.patch(
        f"/v1/images/{image_id}", json={"visibility": "private"}, headers=gallery.as_("ann")
    )

    assert (answer.status_code, answer.json()["change"]["state"]) == (200, "enforced")
    row = await gallery.enforcer_rows.row(image_id)
    assert row is not None
    assert row["visibility"] == "private"


async def test_owner_reads_when_a_bulk_was_enforced_where(gallery: Gallery) -> None:
    await gallery.plan("ann", version=2)
    ids = await gallery.images("ann", 2)
    body = {"visibility": "private", "image_ids": ids}
    change = (await gallery.client.post("/v1/changes", json=body, headers=gallery.as_("ann"))).json()

    for image_id in ids:
        page = await gallery.client.get(f"/v1/images/{image_id}/history", headers=gallery.as_("ann"))
        newest, first = page.json()["items"]
        assert newest["enforced_at"] is not None
        assert newest["change_id"] == change["id"]
        assert [(it["name"], it["state"]) for it in newest["places"]] == [
            ("gallery", "applied"),
            ("download", "applied"),
        ]
        assert newest.keys() == first.keys()
        assert "batch" not in newest
