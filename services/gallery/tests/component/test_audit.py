"""The audit: the log's last record and the truth agree again, whatever happened."""

from typing import Any

from shared.testing.apps import eventually
from shared.testing.events import visibility_changed
from shared.topics import VISIBILITY_CHANGES

Gallery = Any


async def test_late_old_record_behind_the_newest_is_superseded(gallery: Gallery) -> None:
    image = await gallery.image("aud", "private")

    async def published() -> Any:
        truth = await gallery.database["images"].find_one({"_id": image})
        return truth if not truth["unpublished"] else None

    truth = await eventually(published)
    await gallery.database["images"].update_one({"_id": image}, {"$set": {"version": 5, "published.version": 5}})

    late = visibility_changed("aud", image, "public", version=1)
    place = await gallery.sender.send(late)

    async def is_sent_again() -> bool:
        now = await gallery.database["images"].find_one({"_id": image})
        return bool(now["published"] and now["published"]["offset"] > place.offset)

    await eventually(is_sent_again)
    assert truth["visibility"] == "private"
    row = await gallery.enforcer_rows.row(image)
    assert row is None or row["visibility"] == "private"


async def test_record_newer_than_the_truth_is_taken_in(gallery: Gallery) -> None:
    image = await gallery.image("aud")
    await gallery.sender.send(visibility_changed("aud", image, "private", version=9))

    async def is_adopted() -> bool:
        return bool((await gallery.client.get(f"/v1/images/{image}")).status_code == 404)

    await eventually(is_adopted)
    history = await gallery.client.get(f"/v1/images/{image}/history", headers=gallery.as_("aud"))
    assert history.json()["items"][0]["why"] == "restored"


async def test_garbage_under_an_image_key_is_superseded_by_a_greater_version(gallery: Gallery) -> None:
    image = await gallery.image("aud")
    partition = VISIBILITY_CHANGES.partition_of(image)
    await gallery.sender.send_raw(VISIBILITY_CHANGES.name, partition, image.encode(), b"{", {})

    async def is_lifted() -> bool:
        row = await gallery.enforcer_rows.row(image)
        return bool(row is not None and row["version"] > 1 and not row["quarantined"])

    await eventually(is_lifted)
    dead = await gallery.database.client[f"{gallery.settings.database}_enforcer"]["images"].find_one({"_id": image})
    assert dead["visibility"] == "public"


async def test_garbage_without_a_key_has_every_image_of_its_partition_sent_again(gallery: Gallery) -> None:
    image = await gallery.image("aud")
    partition = VISIBILITY_CHANGES.partition_of(image)

    async def is_known() -> bool:
        return await gallery.enforcer_rows.row(image) is not None

    await eventually(is_known)
    garbage = await gallery.sender.send_raw(VISIBILITY_CHANGES.name, partition, "no key: é".encode(), b"{", {})

    async def is_sent_again() -> bool:
        truth = await gallery.database["images"].find_one({"_id": image})
        return bool(truth["published"] and truth["published"]["offset"] > garbage.offset)

    async def is_lifted() -> bool:
        row = await gallery.enforcer_rows.row(image)
        return not row["quarantined"]

    await eventually(is_sent_again)
    await eventually(is_lifted)
    truth = await gallery.database["images"].find_one({"_id": image})
    assert truth["version"] == 1, "it is sent as it is"
