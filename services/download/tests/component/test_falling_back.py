"""When its own view won't do, download asks gallery; and what holds while gallery can't be asked."""

import asyncio
from typing import Any

from shared.testing.apps import eventually
from shared.testing.events import visibility_changed
from shared.topics import VISIBILITY_CHANGES

Service = Any


async def statuses(download: Service, image: str, owner: str) -> dict[str | None, int]:
    path = f"/v1/previews/{image}"
    return {viewer: (await download.get(path, viewer)).status_code for viewer in (None, "stranger", owner)}


async def put_in_doubt(download: Service, image: str) -> None:
    """Quarantine a row as the consumer does for a record that can't be read (no later one lifts it here)."""
    await download.rows.quarantine(image, VISIBILITY_CHANGES.name, 0, 0)


async def test_image_in_doubt_is_asked_of_gallery_for_everybody(download: Service) -> None:
    public, private = await download.image("ann"), await download.image("ann", "private")
    for image in (public, private):
        await put_in_doubt(download, image)
    calls = download.gallery_app.calls
    assert await statuses(download, public, "ann") == {None: 200, "stranger": 200, "ann": 200}
    assert await statuses(download, private, "ann") == {None: 404, "stranger": 404, "ann": 200}
    assert download.gallery_app.calls == calls + 6, "each asks for itself"


async def test_image_in_doubt_that_gallery_has_made_private_is_refused_to_strangers(download: Service) -> None:
    image = await download.image("bea")
    await put_in_doubt(download, image)
    # Gallery's truth has changed, and nothing has come of it here yet.
    await download.gallery_database["images"].update_one({"_id": image}, {"$set": {"visibility": "private"}})
    assert await statuses(download, image, "bea") == {None: 404, "stranger": 404, "bea": 200}
    own = await download.get(f"/v1/previews/{image}", "bea")
    assert own.headers["cache-control"] == "private, no-store"


async def test_record_that_can_not_be_read_puts_its_image_in_doubt_until_a_later_one(download: Service) -> None:
    image = await download.image("cat")
    partition = VISIBILITY_CHANGES.partition_of(image)
    with download.gallery_app.away():
        await download.sender.send_raw(VISIBILITY_CHANGES.name, partition, image.encode(), b"{", {})

        async def is_in_doubt() -> bool:
            return bool((await download.get(f"/v1/previews/{image}")).status_code == 503)

        await eventually(is_in_doubt)
        await download.sender.send(visibility_changed("cat", image, "public", version=9))
        await download.knows(image, 9)
        assert (await download.rows.row(image))["quarantined"] is False


async def test_partition_in_doubt_is_asked_of_gallery_too(download: Service) -> None:
    image = await download.image("doc")
    partition = VISIBILITY_CHANGES.partition_of(image)
    await download.rows.quarantine(None, VISIBILITY_CHANGES.name, partition, 0)
    try:
        assert await statuses(download, image, "doc") == {None: 200, "stranger": 200, "doc": 200}
        with download.gallery_app.away():
            assert await statuses(download, image, "doc") == {None: 503, "stranger": 503, "doc": 200}
    finally:
        await download.database["images"].update_many({}, {"$set": {"quarantined": False}})


async def test_gallery_is_away_owner_is_served_strangers_wait_and_can_tell_nothing(download: Service) -> None:
    public, private, doubted, deleted = [await download.image("eve", it) for it in ("public", "private") * 2]
    await put_in_doubt(download, doubted)
    await download.delete("eve", deleted)
    with download.gallery_app.away():
        assert await statuses(download, public, "eve") == {None: 200, "stranger": 200, "eve": 200}
        assert await statuses(download, private, "eve") == {None: 404, "stranger": 503, "eve": 200}
        assert await statuses(download, doubted, "eve") == {None: 503, "stranger": 503, "eve": 200}
        assert await statuses(download, deleted, "eve") == {None: 404, "stranger": 503, "eve": 503}
        refused = [
            await download.get(f"/v1/downloads/{image}", "stranger")
            for image in (private, deleted, doubted, "img_never")
        ]
        assert len({(it.status_code, it.content, tuple(it.headers.items())) for it in refused}) == 1
        assert refused[0].headers["retry-after"]
        own = await download.get(f"/v1/previews/{doubted}", "eve")
        assert own.headers["cache-control"] == "private, no-store"
        await download.plan("eve")
        assert (await download.get(f"/v1/downloads/{private}?format=png", "eve")).status_code == 200


async def test_deleted_image_in_doubt_is_not_even_its_owners_while_gallery_is_away(download: Service) -> None:
    image = await download.image("fay")
    await download.delete("fay", image)
    await put_in_doubt(download, image)
    with download.gallery_app.away():
        assert await statuses(download, image, "fay") == {None: 503, "stranger": 503, "fay": 503}
    assert await statuses(download, image, "fay") == {None: 404, "stranger": 404, "fay": 404}


async def test_owner_opens_a_just_made_image_before_its_event_has_come(download: Service) -> None:
    image = await download.image("new", "private")
    row = await download.rows.row(image)
    await download.database["images"].delete_one({"_id": image})
    calls = download.gallery_app.calls
    opening = asyncio.create_task(download.get(f"/v1/previews/{image}", "new"))

    async def has_asked() -> bool:
        return bool(download.gallery_app.calls > calls)

    await eventually(has_asked)
    assert (await download.get(f"/v1/previews/{image}", "stranger")).status_code == 404
    assert not opening.done()
    event = visibility_changed("new", image, "private", version=1, master_key=row["master_key"])
    await download.sender.send(event)
    assert (await opening).status_code == 200


async def test_owner_opens_a_just_made_image_whose_event_does_not_come_is_told_to_wait(download: Service) -> None:
    image = await download.image("slow", "private")
    await download.database["images"].delete_one({"_id": image})
    answer = await download.get(f"/v1/previews/{image}", "slow")
    assert answer.status_code == 503
    assert "retry-after" in answer.headers


async def test_stranger_opens_a_just_published_image_by_gallerys_word(download: Service) -> None:
    image = await download.image("pub", "private")
    await download.gallery_database["images"].update_one({"_id": image}, {"$set": {"visibility": "public"}})
    answer = await download.get(f"/v1/previews/{image}", "stranger")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-cache")
