"""Who our children are, on disk: so that a later run ends those of a dead one, and nobody else's process."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_POLL_S = 0.01


def identity_of(pid: int) -> str | None:
    """Say what tells this process from a later one with the same pid; None if it isn't running."""
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # the name in brackets may hold anything
        if fields[0] in {"Z", "X"}:
            return None
        # Ticks since the boot: the same number may come again after the next one.
        return f"{fields[19]}@{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603
    return "-".join(answer.stdout.split()) or None


def write(path: Path, pid: int) -> None:
    """Record a running process as `PID IDENTITY`."""
    temporary = path.with_suffix(".new")
    temporary.write_text(f"{pid} {identity_of(pid)}\n")
    temporary.replace(path)


def recorded(run_dir: Path) -> Iterator[tuple[Path, int | None]]:
    """Give each pid file with its pid; None where that process has ended (its pid may be somebody else's now)."""
    for path in sorted(run_dir.glob("*.pid")):
        try:
            number, identity = path.read_text().split()
            pid = int(number)
        except (ValueError, OSError):
            yield path, None
            continue
        yield path, pid if identity_of(pid) == identity else None


async def end_leftovers(run_dir: Path, grace_s: float = 5.0) -> list[str]:
    """End what a dead run left running; give the names. Those that don't heed SIGTERM in time are killed."""
    left = {path: pid for path, pid in recorded(run_dir) if pid is not None}
    for pid in left.values():
        for number in (signal.SIGTERM, signal.SIGCONT):  # one that was paused must wake up to end
            with suppress(ProcessLookupError):
                os.kill(pid, number)
    with suppress(TimeoutError):
        await _until_ended(run_dir, grace_s)
    kill_recorded(run_dir)
    await _until_ended(run_dir, grace_s)
    for path, _ in recorded(run_dir):
        path.unlink(missing_ok=True)
    return [path.stem for path in left]


async def _until_ended(run_dir: Path, within_s: float) -> None:
    async with asyncio.timeout(within_s):
        while any(pid is not None for _, pid in recorded(run_dir)):  # noqa: ASYNC110 - they aren't our children
            await asyncio.sleep(_POLL_S)


def kill_recorded(run_dir: Path) -> None:
    """Kill every recorded process that still runs, with its group, at once."""
    for _, pid in recorded(run_dir):
        if pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
