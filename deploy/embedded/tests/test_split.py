"""Split mode: a process for each service, which can be ended alone and comes back."""

import os
import signal
from typing import TYPE_CHECKING

import httpx
import pytest

from embedded.pid_files import identity_of
from shared.testing.apps import eventually

if TYPE_CHECKING:
    from deploy.embedded.tests.conftest import StartCommand


PROCESSES = ("entitlement", "gallery", "download", "generation", "generation-worker")


async def test_services_run_apart_and_come_back_when_ended(start_command: "StartCommand") -> None:
    command = await start_command("--split")
    client = await command.ready()
    pids = {name: command.pid_of(name) for name in PROCESSES}
    assert len({*pids.values(), command.process.pid}) == 6
    assert (await client.get("/v1/explore")).json()["pid"] == pids["gallery"]

    os.kill(pids["gallery"], signal.SIGTERM)

    async def gallery_is_back() -> bool:
        answer = await client.get("/v1/explore")
        if answer.is_success:
            return bool(answer.json()["pid"] != pids["gallery"])
        assert answer.status_code == 503
        assert answer.json()["code"] == "service_unavailable"
        assert answer.headers["retry-after"] == "1"
        return False

    await eventually(gallery_is_back)
    assert (await client.get("/v1/plans")).json()["pid"] == pids["entitlement"]
    pids = {name: command.pid_of(name) for name in PROCESSES}
    code, errors = await command.stop()
    assert code == 0
    assert "gallery ended with exit code 0; starting it again" in errors or "ended by SIGTERM" in errors
    assert [identity_of(pid) for pid in pids.values()] == [None] * 5
    assert (command.data_dir / "ended-cleanly").exists()


async def test_paused_service_is_not_ready_and_ends_with_the_run(start_command: "StartCommand") -> None:
    command = await start_command("--split")
    client = await command.ready()
    pid = command.pid_of("download")
    os.kill(pid, signal.SIGSTOP)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["services"]["download"] == "no_answer"
    assert answer.json()["services"]["gallery"] == "ok"
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/v1/previews/x", timeout=0.2)
    assert (await command.stop())[0] == 0
    assert identity_of(pid) is None


async def test_service_that_cannot_start_is_named_with_its_log(start_command: "StartCommand") -> None:
    command = await start_command("--split", STUB_FAILS="true")
    code, errors = await command.ended(within_s=30)
    assert code == 1
    assert "doesn't start" in errors
    assert "Traceback" not in errors
    assert str(command.data_dir / "logs") in errors
