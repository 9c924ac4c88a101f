"""Ended, killed and started again: nothing is lost, and nothing private is shown."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.api_client import Person, eventually, sign_in
from tests.e2e.stack import Stack, running, start

from shared.topics import L_MAX

pytestmark = pytest.mark.skipif(
    os.environ.get("CONTAINERS") == "1",
    reason="starts processes; tests/containers does this with containers",
)


async def person(stack: Stack, user_id: str) -> Person:
    """Sign somebody in at a stack of this test's own."""
    client = httpx.AsyncClient(base_url=stack.base_url, timeout=30)
    return await sign_in(client, user_id, [])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_generation_goes_on_after_a_restart_in_its_middle(tmp_path: Path, how: signal.Signals) -> None:
    stack = await start(tmp_path / "data")
    ann = await person(stack, "ann")
    await ann.subscribe("plus")
    (before,) = await ann.generate("before", visibility="private")
    submitted = (await ann.submit("interrupted", visibility="private", count=4)).json()

    async def is_running() -> bool:
        seen = (await ann.get(f"/v1/generations/{submitted['generation_id']}")).json()
        return bool(seen["status"] == "running")

    await eventually(is_running)
    code = await stack.end(how)
    assert code == (0 if how is signal.SIGTERM else -signal.SIGKILL)

    async with running(tmp_path / "data") as again:
        ann, stranger = await person(again, "ann"), await person(again, "mallory")
        finished = await ann.finished(submitted["generation_id"])
        assert finished["status"] == "succeeded"
        assert finished["image_ids"] == submitted["image_ids"]
        assert set(await ann.creations("private")) == {before, *submitted["image_ids"]}
        for image in (before, *submitted["image_ids"]):
            assert (await ann.get(f"/v1/downloads/{image}", params={"format": "png"})).status_code == 200
            assert (await stranger.get(f"/v1/downloads/{image}")).status_code == 404
        assert (await ann.get("/v1/entitlement")).json()["plan"] == "plus"


@pytest.mark.timeout(180)
async def test_change_survives_a_kill_right_after_its_answer(tmp_path: Path) -> None:
    stack = await start(tmp_path / "data")
    ann = await person(stack, "ann")
    await ann.subscribe("plus")
    images = await ann.generate(count=4)
    answers = [await ann.make(image, "private") for image in images]
    assert [it.status_code for it in answers] == [200] * 4
    await stack.end(signal.SIGKILL)
    async with running(tmp_path / "data") as again:
        stranger, ann = await person(again, "mallory"), await person(again, "ann")
        for image in images:
            assert (await stranger.get(f"/v1/previews/{image}")).status_code == 404
            assert (await stranger.get(f"/v1/images/{image}")).status_code == 404
            assert (await ann.get(f"/v1/previews/{image}")).status_code == 200


@pytest.fixture(scope="module")
async def split(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stack, None]:
    async with running(tmp_path_factory.mktemp("split") / "data", "--split") as stack:
        yield stack


def pid_of(stack: Stack, name: str) -> int:
    """Read a service's process id."""
    assert stack.data_dir is not None
    return int((stack.data_dir / "run" / f"{name}.pid").read_text().split()[0])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ["entitlement", "gallery", "download", "generation", "generation-worker"])
async def test_service_ended_alone_comes_back_and_nothing_is_lost(split: Stack, name: str) -> None:
    ann, stranger = await person(split, f"ann-{name}"), await person(split, "mallory")
    await ann.subscribe("plus")
    (image,) = await ann.generate(visibility="private")
    first = pid_of(split, name)
    os.kill(first, signal.SIGTERM)

    async def is_back() -> bool:
        return pid_of(split, name) != first and (await ann.get("/readyz")).status_code == 200

    await eventually(is_back)
    (another,) = await ann.generate(visibility="private")
    answers: list[Any] = await asyncio.gather(
        *(ann.get(f"/v1/downloads/{it}") for it in (image, another)),
        *(stranger.get(f"/v1/downloads/{it}") for it in (image, another)),
    )
    assert [it.status_code for it in answers] == [200, 200, 404, 404]
    assert (await ann.make(image, "public")).status_code in {200, 202}


@pytest.mark.timeout(180)
async def test_frozen_enforcer_is_outwaited_and_trusts_nothing_older_once_it_goes_on(split: Stack) -> None:
    ann = await person(split, "ann-paused")
    await ann.subscribe("plus")
    (image,) = await ann.generate()
    os.kill(pid_of(split, "download"), signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = await ann.make(image, "private")
        took_s = time.monotonic() - began
        assert answer.status_code == 200
        change = answer.json()["change"]
        assert {it["name"]: it["state"] for it in change["places"]} == {"gallery": "applied", "download": "lease"}
        assert took_s >= 1.1 * L_MAX, "no lease may still hold"
        assert (await (await person(split, "mallory")).get(f"/v1/images/{image}")).status_code == 404
    finally:
        os.kill(pid_of(split, "download"), signal.SIGCONT)
    assert (await (await person(split, "mallory")).get(f"/v1/previews/{image}")).status_code == 404
    assert (await ann.enforced(change["id"]))["state"] == "enforced"
