"""Replicas come, go, roll and are killed under load: nobody notices, and no stranger sees what is hidden."""

import asyncio
import json
import os
import shlex
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.containers import groups
from tests.containers.system import ROOT, System
from tests.containers.traffic import Seen, traffic

HEAD = """| event | reads | failed reads | changes | answered 503 | leaks | hidden | longest lag | lag gone after |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
pytestmark = pytest.mark.timeout(420)
Event = Callable[[System], None]
Tell = Callable[[str, Seen], None]


@pytest.fixture(scope="module")
def tell() -> Tell:
    """Add a row to the table in .make/events.md, which is the one in docs/operating.md."""
    table = ROOT / ".make/events.md"
    table.parent.mkdir(exist_ok=True)
    table.write_text(HEAD)

    def add(name: str, seen: Seen) -> None:
        with table.open("a") as file:
            file.write(row(name, seen))

    return add


def scaled(*steps: tuple[str, int]) -> Event:
    def event(system: System) -> None:
        for service, replicas in steps:
            system.scale(service, replicas)

    return event


def rolled(*services: str) -> Event:
    def event(system: System) -> None:
        subprocess.run(
            ["bash", str(ROOT / "deploy/roll.sh"), *services],
            check=True,
            capture_output=True,
            timeout=240,
            cwd=ROOT,
            env={**os.environ, "COMPOSE": shlex.join(system.command)},
        )

    return event


def broker_restarted(system: System) -> None:
    system.compose("restart", "kafka")
    system.compose("up", "--detach", "--wait", "--no-deps", "--no-recreate", "--no-build", "kafka")


ORDERLY = {
    "download 1 → 3 → 1": scaled(("download", 3), ("download", 1)),
    "workers 1 → 4 → 1": scaled(("generation-worker", 4), ("generation-worker", 1)),
    "gallery and entitlement 1 → 2 → 1": scaled(("gallery", 2), ("entitlement", 2), ("gallery", 1), ("entitlement", 1)),
    "rolling restart": rolled("entitlement", "generation", "generation-worker", "gallery", "download"),
    "broker restart": broker_restarted,
}
IN_SHORT = {"download 1 → 3 → 1", "broker restart"}
KILLED = ("entitlement", "generation", "generation-worker", "gallery", "download")
_READS_BY_KILL = 2_200
_SESSION_OVER_WITHIN_S = 30.0


def row(name: str, seen: Seen) -> str:
    cells = [
        name,
        str(seen.reads),
        str(len(seen.failed_reads)),
        str(sum(seen.changes.values())),
        str(sum(n for it, n in seen.changes.items() if it.endswith(" 503"))),
        str(len(seen.verdict.leaks)),
        str(seen.hidings),
        f"{seen.longest_lag_s:.1f} s",
        f"{seen.lag_gone_after_s:.1f} s",
    ]
    return f"| {' | '.join(cells)} |\n"


@pytest.mark.parametrize(
    "name", [pytest.param(it, marks=[] if it in IN_SHORT else [pytest.mark.long]) for it in ORDERLY]
)
async def test_nobody_notices_what_is_done_in_order(containers: System, tmp_path: Path, tell: Tell, name: str) -> None:
    async with traffic(containers, tmp_path / "people", seed=1) as seen:
        await asyncio.to_thread(ORDERLY[name], containers)
    tell(name, seen)
    assert seen.verdict.leaks == []
    assert seen.failed_reads == []
    assert seen.failed_changes == {}
    assert seen.verdict.owner_failures == []
    assert seen.hidings > 5
    assert seen.verdict.must_refuse > 50
    _assert_changes_were_sent_once(containers)


@asynccontextmanager
async def doubled(system: System, service: str) -> AsyncGenerator[str, None]:
    """Run two replicas; give the id of one."""
    await asyncio.to_thread(system.scale, service, 2)
    try:
        yield system.containers(service)[0].id
    finally:
        await asyncio.to_thread(system.scale, service, 1)


async def killed(system: System, folder: Path, service: str, reads: int = 0) -> Seen:
    """Kill one of two replicas under load; its groups must do without it before it comes back."""
    async with doubled(system, service) as victim, traffic(system, folder, 2, reads) as seen:
        addresses = await asyncio.to_thread(_addresses, victim)
        await asyncio.to_thread(_docker, "kill", victim)
        await groups.rid_of(system.stack().kafka_access, addresses, _SESSION_OVER_WITHIN_S)
        await asyncio.to_thread(_docker, "start", victim)
    return seen


async def test_killed_replica_costs_next_to_nothing(containers: System, tmp_path: Path, tell: Tell) -> None:
    seen = await killed(containers, tmp_path / "people", "download")
    tell("kill of download", seen)
    _assert_was_survived(containers, seen)
    assert len(seen.failed_reads) <= 1, seen.failed_reads


@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_killing_each_service_in_turn_costs_at_most_one_read_in_ten_thousand(
    containers: System, tmp_path: Path, tell: Tell
) -> None:
    reads, failed = 0, list[str]()
    for service in KILLED:
        seen = await killed(containers, tmp_path / service, service, _READS_BY_KILL)
        tell(f"kill of {service}", seen)
        _assert_was_survived(containers, seen)
        reads, failed = reads + seen.reads, failed + seen.failed_reads
    assert reads >= 10_000
    assert len(failed) <= reads // 10_000, failed


def _assert_was_survived(system: System, seen: Seen) -> None:
    assert seen.verdict.leaks == []
    assert {it.rpartition(" ")[2] for it in seen.failed_changes} <= {"503"}, seen.changes
    assert seen.verdict.must_refuse > 50
    _assert_changes_were_sent_once(system)


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def _addresses(container: str) -> set[str]:
    networks = json.loads(_docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container))
    return {network["IPAddress"] for network in networks.values()}


def _assert_changes_were_sent_once(system: System) -> None:
    """A change may be offered to replica after replica, but no byte of it to more than one."""
    lines = [json.loads(it) for it in system.compose("logs", "--no-color", "--no-log-prefix", "gateway").splitlines()]
    changes = [it for it in lines if it["method"] not in {"GET", "HEAD"}]
    assert changes
    for line in changes:
        *earlier, _ = [it.strip() for it in line["upstream_sent"].split(",")]
        assert set(earlier) <= {"0", "-"}, line
