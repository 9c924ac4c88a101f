"""Progress for those who watch: it grows to the end, repeats nothing, and has room for so many."""

import asyncio
import json
from collections.abc import Generator
from typing import Any

import httpx
import pytest
from sse_starlette.sse import AppStatus

from shared.testing.apps import eventually

Service = Any
Studio = Any


@pytest.fixture(autouse=True)
def nothing_held_and_no_server_ending(studio: Studio) -> Generator[None, None, None]:
    # Of the whole process: a server that another test has ended may say here that streams are to end.
    AppStatus.should_exit = False
    AppStatus.enable_automatic_graceful_drain = False
    yield
    AppStatus.enable_automatic_graceful_drain = True
    studio.release()


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """Read server-sent events."""
    events = []
    for block in answer.text.replace("\r\n", "\n").strip().split("\n\n"):
        lines = (line.partition(": ") for line in block.splitlines() if not line.startswith(":"))
        fields = {name: value for name, _, value in lines}
        if "data" in fields:
            events.append({"id": int(fields["id"]), "event": fields["event"], **json.loads(fields["data"])})
    return events


async def watch(generation: Service, user: str, generation_id: str, seen: int | None = None) -> list[dict[str, Any]]:
    headers = generation.as_(user) | ({} if seen is None else {"Last-Event-ID": str(seen)})
    answer = await generation.client.get(f"/v1/generations/{generation_id}/events", headers=headers)
    if answer.status_code == 204:
        return []  # nothing more will come: an EventSource doesn't connect again
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "private, no-store"
    return events_of(answer)


async def test_owner_watches_progress_grow_to_the_end_and_a_reconnect_repeats_nothing(
    generation: Service, studio: Studio
) -> None:
    studio.hold()
    await generation.plan("sse")
    made = await generation.submitted("sse", count=3)
    watching = asyncio.create_task(watch(generation, "sse", made["generation_id"]))
    for done in range(3):

        async def has_come_so_far(least: float = (done + 0.5) / 3 - 0.01) -> bool:
            return bool((await generation.see("sse", made["generation_id"]))["progress"] >= least)

        await eventually(has_come_so_far)
        studio.finish_one()
    events = await asyncio.wait_for(watching, 15)
    studio.release()

    assert all(it["event"] == "progress" for it in events)
    assert [it["id"] for it in events] == sorted({it["id"] for it in events})
    progress = [it["progress"] for it in events]
    assert progress == sorted(progress)
    assert len(set(progress)) >= 3
    assert (events[-1]["status"], events[-1]["progress"]) == ("succeeded", 1)
    assert "prompt" not in events[-1]
    assert await watch(generation, "sse", made["generation_id"], events[-1]["id"]) == []
    assert await watch(generation, "sse", made["generation_id"], events[0]["id"]) == [events[-1]]


async def test_owner_watches_more_than_there_is_room_for_gets_503_until_one_ends(
    generation: Service, studio: Studio
) -> None:
    studio.hold()
    await generation.plan("crowd")
    made = await generation.submitted("crowd")
    await generation.is_("crowd", made["generation_id"], "running")
    path, headers = f"/v1/generations/{made['generation_id']}/events", generation.as_("crowd")

    async def watch_patiently() -> httpx.Response:
        async def is_let_in() -> Any:
            answer = await generation.client.get(path, headers=headers)
            return answer.status_code == 200 and answer

        answer = await eventually(is_let_in, 20)
        assert isinstance(answer, httpx.Response)
        return answer

    watching = [asyncio.create_task(watch_patiently()) for _ in range(2)]

    async def is_refused() -> Any:
        # Bounded: one that is let in would watch to the end.
        try:
            answer = await asyncio.wait_for(generation.client.get(path, headers=headers), 0.3)
        except TimeoutError:
            return None
        return answer.status_code == 503 and answer

    refused = await eventually(is_refused)
    assert refused.json()["code"] == "too_many_streams"
    studio.release()
    assert [events_of(it)[-1]["status"] for it in await asyncio.gather(*watching)] == ["succeeded"] * 2
    assert (await watch(generation, "crowd", made["generation_id"]))[-1]["status"] == "succeeded"


async def test_owner_sends_what_is_no_event_id_is_shown_the_state(generation: Service, studio: Studio) -> None:
    await generation.plan("odd")
    made = await generation.submitted("odd")
    await generation.is_("odd", made["generation_id"], "succeeded")
    path = f"/v1/generations/{made['generation_id']}/events"
    for odd, status in (("nonsense", 200), ("-1", 200), ("\u0663".encode(), 200), ("9" * 21, 422)):
        headers = {**generation.as_("odd"), "Last-Event-ID": odd}
        answer = await generation.client.get(path, headers=headers)
        assert answer.status_code == status, odd
        assert status != 200 or events_of(answer)[-1]["status"] == "succeeded"
