"""DATA_DIR: ours and only ours, one run at a time, and whether the last run ended in order."""

import fcntl
import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from embedded import secret_file
from embedded.errors import DataDirError
from embedded.secret_file import Secrets

MINIMUM_FREE_BYTES = 200_000_000
_MARKER = "private-generations.json"
_FORMAT = 1
_LOCK = "lock"
_CLEAN_END = "ended-cleanly"


class DataDir:
    """A data folder that this run holds; made by `open_data_dir`."""

    def __init__(self, path: Path, secrets: Secrets, ended_cleanly: bool) -> None:
        self.path = path
        self.secrets = secrets
        self._ended_cleanly = ended_cleanly

    @property
    def logs(self) -> Path:
        """Log files of the children and of this process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """Pid files of the children."""
        return self.path / "run"

    def ended_cleanly(self) -> bool:
        """Tell whether the run before this one stopped in order, or there was none: no log can have lost anything."""
        return self._ended_cleanly

    def begin_run(self) -> None:
        """From here on only `end_run` makes it a clean end; call it before the stores start."""
        (self.path / _CLEAN_END).unlink(missing_ok=True)
        _sync(self.path)

    def end_run(self) -> None:
        """Record a clean end; call it after everything has stopped in order."""
        (self.path / _CLEAN_END).touch()
        _sync(self.path)


@contextmanager
def open_data_dir(path: Path, minimum_free_bytes: int = MINIMUM_FREE_BYTES) -> Generator[DataDir, None, None]:
    """Hold `path` for as long as the context is open; makes the folder if there is none.

    Raises:
        DataDirError: it is foreign, broken, of another format, in use, full or not writable.
    """
    path = path.absolute()
    try:
        is_new = _claim(path)
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(path, error) from None
    try:
        _lock(path, lock)
        try:
            folder = _prepare(path, is_new, minimum_free_bytes)
        except OSError as error:
            raise _unusable(path, error) from None
        yield folder
    finally:
        os.close(lock)  # gives the lock back


def _claim(path: Path) -> bool:
    """Make the folder ours, or see that it is; give whether it is new."""
    if path.exists() and not path.is_dir():
        raise DataDirError(f"DATA_DIR {path} is a file: choose a folder.")
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker = path / _MARKER
    if not marker.exists():
        temporary = marker.with_suffix(".new")
        if any(entry != temporary for entry in path.iterdir()):
            raise DataDirError(
                f"DATA_DIR {path} holds other files and isn't a data folder of Private Generations: "
                "choose an empty folder."
            )
        temporary.write_text(json.dumps({"format": _FORMAT}))
        temporary.replace(marker)
        return True
    try:
        found = json.loads(marker.read_text())["format"]
    except (ValueError, KeyError, TypeError):
        raise DataDirError(f"DATA_DIR {path} is broken: {_MARKER} in it can't be read.") from None
    if found != _FORMAT:
        raise DataDirError(
            f"DATA_DIR {path} has format {found!r}, this version knows {_FORMAT}: "
            "use the version that wrote it, or another folder."
        )
    return False


def _lock(path: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode().strip() or "unknown"
        raise DataDirError(f"DATA_DIR {path} is in use: already running as pid {holder}.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def _prepare(path: Path, is_new: bool, minimum_free_bytes: int) -> DataDir:
    free = shutil.disk_usage(path).free
    if free < minimum_free_bytes:
        raise DataDirError(
            f"The disk of DATA_DIR {path} is full: {free // 1_000_000} MB are free, "
            f"{minimum_free_bytes // 1_000_000} MB are needed."
        )
    had_secrets = (path / secret_file.FILE).exists()
    folder = DataDir(
        path,
        secret_file.load_or_create(path),
        # Without secrets nothing was ever started on this folder.
        ended_cleanly=is_new or not had_secrets or (path / _CLEAN_END).exists(),
    )
    folder.logs.mkdir(exist_ok=True)
    folder.run.mkdir(exist_ok=True)
    return folder


def _unusable(path: Path, error: OSError) -> DataDirError:
    return DataDirError(f"DATA_DIR {path} can't be used ({error.strerror}): choose a folder that can be written.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
