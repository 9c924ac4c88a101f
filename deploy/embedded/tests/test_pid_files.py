"""Children of a dead run are found and ended; a foreign process with a recycled pid is not."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from embedded import pid_files

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
MEEK = "import time; print(flush=True); time.sleep(60)"


@contextmanager
def sleeper(program: str) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_left_over_children_are_ended_stubborn_ones_killed(tmp_path: Path) -> None:
    with sleeper(MEEK) as meek, sleeper(STUBBORN) as stubborn:
        pid_files.write(tmp_path / "meek.pid", meek.pid)
        pid_files.write(tmp_path / "stubborn.pid", stubborn.pid)
        assert sorted(await pid_files.end_leftovers(tmp_path, grace_s=0.5)) == ["meek", "stubborn"]
        assert meek.wait(5) == -15
        assert stubborn.wait(5) == -9
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240


async def test_process_with_a_recycled_pid_is_left_alone(tmp_path: Path) -> None:
    with sleeper(MEEK) as foreign:
        (tmp_path / "gallery.pid").write_text(f"{foreign.pid} 12345@{'0' * 36}\n")
        assert await pid_files.end_leftovers(tmp_path) == []
        pid_files.kill_recorded(tmp_path)
        assert foreign.poll() is None
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240


async def test_broken_pid_file_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "gallery.pid").write_text("1")
    assert await pid_files.end_leftovers(tmp_path) == []


def test_ended_process_has_no_identity() -> None:
    with sleeper(MEEK) as process:
        assert pid_files.identity_of(process.pid) is not None
        process.kill()
        process.wait()
        assert pid_files.identity_of(process.pid) is None
