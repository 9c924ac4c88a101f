"""A worker's job: masters, results, progress, cancelling, failing; each request once, whatever comes twice."""

from typing import Any

import pytest

from generation.backends import RenderRefused
from generation.domain import request_event
from shared.ids import new_generation_id
from shared.objects import MASTERS
from shared.testing.apps import eventually
from shared.testing.events import FREE, visibility_changed
from shared.topics import GENERATION_REQUESTS

Service = Any
Studio = Any
_PNG = b"\x89PNG\r\n\x1a\n"


async def test_generation_becomes_masters_and_a_result_without_its_prompt(generation: Service, studio: Studio) -> None:
    await generation.plan("ann")
    made = await generation.submitted("ann", count=2, visibility="private", seed=2**32 - 1, aspect_ratio="4:3")
    seen = await generation.is_("ann", made["generation_id"], "succeeded")
    assert (seen["progress"], seen["failure"], seen["visibility"]) == (1, None, "private")
    assert seen["image_ids"] == made["image_ids"]
    assert [it.seed for it in studio.asked[-2:]] == [2**32 - 1, 0], "each image has a seed of its own"
    row = await generation.gallery_rows.row(made["generation_id"])
    assert (row["outcome"], row["visibility"], row["owner_id"]) == ("succeeded", "private", "ann")
    for image, image_id in zip(row["images"], made["image_ids"], strict=True):
        assert (image["image_id"], image["width"], image["height"]) == (image_id, 1024, 768)
        assert await generation.masters(image_id) == [image["master_key"]]
        assert (await generation.objects.get(MASTERS, image["master_key"])).startswith(_PNG)


async def test_queued_generation_keeps_its_visibility_whatever_happens_meanwhile(
    generation: Service, studio: Studio
) -> None:
    studio.hold()
    await generation.plan("keep")
    first = await generation.submitted("keep", visibility="private")
    second = await generation.submitted("keep", visibility="private")
    headers = generation.as_("keep")
    await generation.client.put("/v1/preferences", json={"visibility": "public"}, headers=headers)
    await generation.plan("keep", capabilities=FREE, state="ended")
    studio.release()
    for made in (first, second):
        seen = await generation.is_("keep", made["generation_id"], "succeeded")
        assert seen["visibility"] == "private"
        assert (await generation.gallery_rows.row(made["generation_id"]))["visibility"] == "private"


async def test_slot_is_free_again_when_a_generation_ends(generation: Service, studio: Studio) -> None:
    await generation.plan("slot", capabilities=FREE)
    for _ in range(2):
        made = await generation.submitted("slot")
        await generation.is_("slot", made["generation_id"], "succeeded")


async def test_owner_cancels_a_queued_and_a_running_one_nothing_comes_of_either(
    generation: Service, studio: Studio
) -> None:
    studio.hold()
    stopped = studio.stopped
    await generation.plan("stop")
    running = await generation.submitted("stop", count=2)
    await generation.is_("stop", running["generation_id"], "running")
    queued = await generation.submitted("stop")
    asked = len(studio.asked)
    for made in (queued, running):
        answer = await generation.client.delete(
            f"/v1/generations/{made['generation_id']}", headers=generation.as_("stop")
        )
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
        assert answer.json()["finished_at"] is not None

    async def is_stopped() -> bool:
        return bool(studio.stopped > stopped)

    await eventually(is_stopped)
    studio.release()
    after = await generation.submitted("stop")
    await generation.is_("stop", after["generation_id"], "succeeded")
    assert len(studio.asked) == asked + 1, "the queued one was never made"
    for made in (queued, running):
        assert (await generation.see("stop", made["generation_id"]))["status"] == "cancelled"
        assert await generation.gallery_rows.row(made["generation_id"]) is None
        assert [await generation.masters(it) for it in made["image_ids"]] == [[]] * len(made["image_ids"])


async def test_owner_cancels_a_finished_one_gets_409(generation: Service, studio: Studio) -> None:
    await generation.plan("done")
    made = await generation.submitted("done")
    await generation.is_("done", made["generation_id"], "succeeded")
    answer = await generation.client.delete(f"/v1/generations/{made['generation_id']}", headers=generation.as_("done"))
    assert (answer.status_code, answer.json()["code"]) == (409, "already_finished")
    assert (await generation.see("done", made["generation_id"]))["status"] == "succeeded"


async def test_same_request_twice_changes_nothing(generation: Service, studio: Studio) -> None:
    await generation.plan("twice")
    made = await generation.submitted("twice", count=2)
    await generation.is_("twice", made["generation_id"], "succeeded")
    before, asked = await generation.document(made["generation_id"]), len(studio.asked)
    for _ in range(2):
        await generation.passed(await generation.sender.send(request_event(before)))
    assert await generation.document(made["generation_id"]) == before
    assert len(studio.asked) == asked
    for image_id in made["image_ids"]:
        assert len(await generation.masters(image_id)) == 1


async def test_owner_sees_why_the_provider_refused_and_may_ask_again(generation: Service, studio: Studio) -> None:
    await generation.plan("ref", capabilities=FREE)
    studio.failing["refuse me"] = RenderRefused("content_refused", "The provider doesn't draw this.")
    made = await generation.submitted("ref", prompt="refuse me", count=2)
    seen = await generation.is_("ref", made["generation_id"], "failed", "succeeded")
    assert seen["status"] == "failed"
    assert seen["failure"] == {"code": "content_refused", "detail": "The provider doesn't draw this."}
    row = await generation.gallery_rows.row(made["generation_id"])
    assert (row["outcome"], row["images"], row["failure_code"]) == ("failed", [], "content_refused")
    await generation.submitted("ref")


async def test_back_end_that_breaks_fails_its_generation_and_holds_up_no_other(
    generation: Service, studio: Studio
) -> None:
    await generation.plan("brk")
    studio.failing["break"] = ValueError("a defect that quotes the prompt: break")
    ids = _ids_of_one_partition(2)
    await generation.stored("brk", ids[0], prompt="break")
    await generation.stored("brk", ids[1])
    for name in ids:
        await generation.sender.send(request_event(await generation.document(name)))
    assert (await generation.is_("brk", ids[1], "succeeded"))["status"] == "succeeded"
    seen = await generation.is_("brk", ids[0], "failed")
    assert seen["failure"] == {"code": "backend_broken", "detail": "The picture could not be made."}


async def test_request_that_can_not_be_read_fails_with_a_reason_and_holds_up_no_other(
    generation: Service, studio: Studio
) -> None:
    await generation.plan("poison")
    ids = _ids_of_one_partition(2)
    partition = GENERATION_REQUESTS.partition_of(ids[0])
    for name in ids:
        await generation.stored("poison", name)
    topic = GENERATION_REQUESTS.name
    await generation.sender.send_raw(topic, partition, ids[0].encode(), b"{broken", {"ce_type": "x"})
    await generation.sender.send_raw(topic, partition, b"\xff\xfe", b"\xff", {})
    await generation.sender.send_raw(topic, partition, None, b"", {})
    await generation.sender.send(request_event(await generation.document(ids[1])))
    assert (await generation.is_("poison", ids[1], "succeeded"))["status"] == "succeeded"
    seen = await generation.is_("poison", ids[0], "failed")
    assert seen["failure"]["code"] == "request_unreadable"
    assert seen["failure"]["detail"]


async def test_generation_whose_prompt_is_gone_fails_with_a_reason(generation: Service, studio: Studio) -> None:
    await generation.plan("prompt-gone")
    made = await generation.stored("prompt-gone", prompt=None, seed=None)
    await generation.sender.send(request_event(made))
    seen = await generation.is_("prompt-gone", made["_id"], "failed")
    assert seen["failure"]["code"] == "prompt_gone"


async def test_prompt_and_seed_are_erased_with_the_last_image_only(generation: Service, studio: Studio) -> None:
    await generation.plan("del")
    made = await generation.submitted("del", count=2, prompt="remember me", seed=77)
    await generation.is_("del", made["generation_id"], "succeeded")
    first, second = made["image_ids"]

    async def delete(image_id: str) -> None:
        event = visibility_changed("del", image_id, "deleted", version=2, generation_id=made["generation_id"])
        place = await generation.sender.send(event)
        await generation.passed(place, "generation-eraser")

    await delete(first)
    await delete(first)
    assert (await generation.see("del", made["generation_id"]))["prompt"] == "remember me"
    hidden = visibility_changed("del", second, "private", version=2, generation_id=made["generation_id"])
    await generation.sender.send(hidden)
    await delete(second)
    seen = await generation.see("del", made["generation_id"])
    assert (seen["prompt"], seen["seed"], seen["status"]) == (None, None, "succeeded")
    stored = await generation.document(made["generation_id"])
    assert "remember me" not in str(stored)


def _ids_of_one_partition(count: int) -> list[str]:
    ids = [str(new_generation_id())]
    while len(ids) < count:
        other = str(new_generation_id())
        if GENERATION_REQUESTS.partition_of(other) == GENERATION_REQUESTS.partition_of(ids[0]):
            ids.append(other)
    return ids


@pytest.fixture(autouse=True)
def nothing_held(studio: Studio) -> Any:
    yield
    studio.release()
