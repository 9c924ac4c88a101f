"""The command from outside: how it starts, fails, and ends."""

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.data_dir import open_data_dir
from embedded.pid_files import identity_of
from embedded.stores import embedded_stores
from shared.testing.apps import eventually

if TYPE_CHECKING:
    from deploy.embedded.tests.conftest import StartCommand


def assert_one_sentence(errors: str, *parts: str) -> None:
    assert "Traceback" not in errors
    assert len(errors.strip().splitlines()) == 1, errors
    for part in parts:
        assert part in errors


async def test_command_serves_every_service_and_ends_in_order_on_sigterm(start_command: "StartCommand") -> None:
    command = await start_command()
    client = await command.ready()
    for path in ("plans", "generations", "explore", "previews/x"):
        answer = await client.get(f"/v1/{path}")
        assert answer.json()["path"] == f"/v1/{path}"
        assert answer.json()["state"] == "yes"
    assert (await client.get("/internal")).status_code == 404
    assert (await client.get("/readyz")).json()["services"] == dict.fromkeys(
        ("entitlement", "gallery", "download", "generation"), "ok"
    )
    token = await client.post("/dev/token", json={"user_id": "alice"})
    assert token.status_code == 200
    children = [command.pid_of(name) for name in ("kafka", "mongo", "s3")]

    code, errors = await command.stop()

    assert (code, errors) == (0, "")
    assert [identity_of(pid) for pid in children] == [None, None, None]
    assert (command.data_dir / "ended-cleanly").exists()
    journal = command.journal.read_text().split("\n")
    assert journal.count("start") == journal.count("stop") == 4
    assert journal.index("worker stop") < journal.index("stop")
    assert "republish" not in journal


async def test_task_that_cannot_be_ended_does_not_keep_the_command(start_command: "StartCommand") -> None:
    command = await start_command(STUB_LEAVES_A_TASK="1")
    await command.ready()

    code, errors = await command.stop()

    assert code == 1
    assert_one_sentence(errors, "Ended by force", "can't be ended")
    assert (command.data_dir / "ended-cleanly").exists()


async def test_taken_port_gives_one_sentence_before_anything_starts(start_command: "StartCommand") -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = await start_command(PORT=str(port))
        code, errors = await command.ended()
    assert code == 1
    assert_one_sentence(errors, f"PORT {port}")
    assert not command.data_dir.exists()


async def test_foreign_folder_gives_one_sentence_and_stays_as_it_was(
    start_command: "StartCommand", tmp_path: Path
) -> None:
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "cat.jpg").touch()
    command = await start_command(data_dir=foreign)
    code, errors = await command.ended()
    assert code == 1
    assert_one_sentence(errors, str(foreign), "holds other files")
    assert [path.name for path in foreign.iterdir()] == ["cat.jpg"]


async def test_second_run_on_the_same_folder_names_the_first(start_command: "StartCommand") -> None:
    first = await start_command()
    await first.ready()
    second = await start_command()
    code, errors = await second.ended()
    assert code == 1
    assert_one_sentence(errors, f"already running as pid {first.process.pid}")
    assert (await first.stop())[0] == 0


async def test_store_that_cannot_start_is_named_with_its_log(start_command: "StartCommand", tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with open_data_dir(data_dir):
        async with embedded_stores(data_dir, wanted={"mongo"}):
            pass
        (data_dir / "mongo" / "WiredTiger.turtle").write_text("rubbish")
    command = await start_command()
    code, errors = await command.ended(within_s=30)
    assert code == 1
    assert "Traceback" not in errors
    assert "The embedded Mongo store didn't start" in errors
    assert str(data_dir / "logs" / "mongo.log") in errors


async def test_service_that_cannot_start_is_named(start_command: "StartCommand") -> None:
    command = await start_command(STUB_FAILS="true")
    code, errors = await command.ended(within_s=30)
    assert code == 1
    assert_one_sentence(errors, "entitlement doesn't start", "the stub was told to fail")


async def test_wrong_setting_gives_one_sentence(start_command: "StartCommand") -> None:
    code, errors = await (await start_command(PORT="many")).ended()
    assert code == 1
    assert_one_sentence(errors, "PORT")
    code, errors = await (await start_command(S3_ENDPOINT="http://127.0.0.1:1")).ended()
    assert code == 1
    assert_one_sentence(errors, "S3_ACCESS_KEY")


async def test_store_that_dies_ends_the_run_and_is_named(start_command: "StartCommand") -> None:
    command = await start_command()
    await command.ready()
    os.kill(command.pid_of("s3"), signal.SIGKILL)
    code, errors = await command.ended()
    assert code == 1
    assert "The embedded S3 store ended by itself" in errors
    assert str(command.data_dir / "logs" / "s3.log") in errors
    assert not (command.data_dir / "ended-cleanly").exists()


async def test_store_from_the_environment_takes_the_place_of_the_embedded_one(
    start_command: "StartCommand", fresh_kafka: str
) -> None:
    command = await start_command(KAFKA_BOOTSTRAP_SERVERS=fresh_kafka)
    client = await command.ready()
    assert (await client.get("/v1/plans")).json()["kafka"] == fresh_kafka
    assert sorted(path.stem for path in (command.data_dir / "run").glob("*.pid")) == ["mongo", "s3"]


async def test_sigterm_while_starting_ends_in_order(start_command: "StartCommand") -> None:
    command = await start_command()

    async def stores_are_starting() -> bool:
        return bool((command.data_dir / "run" / "mongo.pid").exists())

    await eventually(stores_are_starting)
    pid = command.pid_of("mongo")
    code, errors = await command.stop()
    assert (code, errors) == (0, "")
    assert identity_of(pid) is None


async def test_killed_supervisor_leaves_nothing_that_the_next_start_does_not_end(start_command: "StartCommand") -> None:
    killed = await start_command()
    await killed.ready()
    paused = killed.pid_of("mongo")
    os.kill(paused, signal.SIGSTOP)  # the kernel's SIGTERM at its parent's death can't end this one
    killed.process.kill()
    await killed.ended()
    assert identity_of(paused) is not None

    again = await start_command()
    await again.ready()
    assert identity_of(paused) is None
    code, errors = await again.stop()

    assert code == 0
    assert "mongo was left over" in errors
    journal = again.journal.read_text().split("\n")
    second_start = len(journal) - 1 - journal[::-1].index("republish")
    assert journal.count("republish") == 2
    assert journal.count("reset_positions") == 4
    assert "start" in journal[second_start:]
    third = await start_command()
    await third.ready()
    assert (await third.stop()) == (0, "")


async def test_stores_end_with_a_killed_supervisor(start_command: "StartCommand") -> None:
    command = await start_command()
    await command.ready()
    pids = [command.pid_of(name) for name in ("kafka", "mongo", "s3")]
    command.process.kill()

    async def all_ended() -> bool:
        return all(identity_of(pid) is None for pid in pids)

    await eventually(all_ended)


async def test_second_ctrl_c_kills_at_once(start_command: "StartCommand") -> None:
    command = await start_command(STUB_LINGERS_S="60")
    await command.ready()
    pids = [command.pid_of(name) for name in ("kafka", "mongo", "s3")]
    command.process.send_signal(signal.SIGINT)
    with pytest.raises(TimeoutError):
        # Longer than one signal that is passed on twice.
        await asyncio.wait_for(command.process.wait(), 0.5)
    command.process.send_signal(signal.SIGINT)
    code, _ = await command.ended(within_s=2)
    assert code == 130
    assert [identity_of(pid) for pid in pids] == [None] * 3


async def test_services_that_linger_are_given_up_and_it_is_said(start_command: "StartCommand") -> None:
    command = await start_command(STUB_LINGERS_S="60")
    await command.ready()
    code, errors = await command.stop()
    assert code == 0
    assert_one_sentence(errors, "the services didn't stop within")
    assert not (command.data_dir / "ended-cleanly").exists()
