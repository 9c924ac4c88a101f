"""The table of rights, read from `access.toml`."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Access:
    """What one principal may do."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    groups: tuple[str, ...]
    waits_for: tuple[str, ...]
    database: str
    objects: dict[str, list[str]] = field(default_factory=dict)


def load_table(path: Path | None = None) -> tuple[Access, ...]:
    """Read the table.

    Raises:
        TypeError: a principal lacks a column, or has one too many.
    """
    text = (path or Path(__file__).with_name("access.toml")).read_text()
    return tuple(_access(name, columns) for name, columns in tomllib.loads(text).items())


def _access(name: str, columns: dict[str, Any]) -> Access:
    values: dict[str, Any] = {key: tuple(it) if isinstance(it, list) else it for key, it in columns.items()}
    return Access(name=name, **values)
