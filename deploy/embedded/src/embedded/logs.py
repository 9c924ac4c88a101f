"""The log of this process: a file, so that the terminal shows what a person needs and no more."""

import logging
from pathlib import Path

from shared.telemetry import log_as_json

_KEEP_BYTES = 10_000_000


def log_to(path: Path, level: str) -> None:
    """Write every log line of this process to `path`, as JSON."""
    if path.exists() and path.stat().st_size > _KEEP_BYTES:
        path.replace(path.with_suffix(".log.1"))
    log_as_json("embedded", level)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(path.open("a", encoding="utf-8"))
