"""Replicas come, go, roll and are killed under load: nobody notices, and no stranger sees what is hidden."""

import asyncio
import json
import os
import shlex
import subprocess
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.containers.system import ROOT, System
from tests.containers.traffic import Seen, traffic

HEAD = """| event | reads | failed reads | changes | answered 503 | leaks | hidden | longest lag | lag gone after |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
pytestmark = pytest.mark.timeout(280)
Event = Callable[[System], None]


@pytest.fixture(scope="module")
def rows() -> Generator[list[str], None, None]:
    """The rows of the table in docs/operating.md, written to .make/events.md at the end."""
    found: list[str] = []
    yield found
    (ROOT / ".make").mkdir(exist_ok=True)
    (ROOT / ".make/events.md").write_text(HEAD + "".join(found))


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
async def test_nobody_notices_what_is_done_in_order(
    containers: System, tmp_path: Path, rows: list[str], name: str
) -> None:
    async with traffic(containers, tmp_path / "people", seed=1) as seen:
        await asyncio.to_thread(ORDERLY[name], containers)
    rows.append(row(name, seen))
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


@pytest.mark.parametrize(
    "service",
    [
        "download",
        *(
            pytest.param(it, marks=[pytest.mark.long])
            for it in ("gallery", "entitlement", "generation", "generation-worker")
        ),
    ],
)
async def test_killed_replica_costs_next_to_nothing(
    containers: System, tmp_path: Path, rows: list[str], service: str
) -> None:
    async with doubled(containers, service) as victim, traffic(containers, tmp_path / "people", seed=2) as seen:
        await asyncio.to_thread(_docker, "kill", victim)
        await asyncio.sleep(12)  # beyond the session of its consumers
        await asyncio.to_thread(_docker, "start", victim)
    rows.append(row(f"kill of {service}", seen))
    assert seen.verdict.leaks == []
    assert len(seen.failed_reads) <= max(1, seen.reads // 10_000), seen.failed_reads
    assert {it.rpartition(" ")[2] for it in seen.failed_changes} <= {"503"}, seen.changes
    assert seen.verdict.must_refuse > 50
    _assert_changes_were_sent_once(containers)


def _docker(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, capture_output=True, timeout=60)


def _assert_changes_were_sent_once(system: System) -> None:
    """A change may be offered to replica after replica, but no byte of it to more than one."""
    lines = [json.loads(it) for it in system.compose("logs", "--no-color", "--no-log-prefix", "gateway").splitlines()]
    changes = [it for it in lines if it["method"] not in {"GET", "HEAD"}]
    assert len(changes) > 10
    for line in changes:
        *earlier, _ = [it.strip() for it in line["upstream_sent"].split(",")]
        assert set(earlier) <= {"0", "-"}, line
