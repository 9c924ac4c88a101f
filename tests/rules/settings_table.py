"""The one table of all settings, made from their classes: `python -m tests.rules.settings_table docs/settings.md`."""

import sys
from pathlib import Path

from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from download.settings import Settings as Download
from embedded.settings import EmbeddedSettings
from entitlement.settings import Settings as Entitlement
from gallery.settings import Settings as Gallery
from generation.settings import Settings as Generation
from generation.settings import WorkerSettings

CLASSES: dict[str, type[BaseSettings]] = {
    "entitlement": Entitlement,
    "generation": Generation,
    "generation worker": WorkerSettings,
    "gallery": Gallery,
    "download": Download,
    "embedded": EmbeddedSettings,
}
_HEAD = """# Settings

Every setting comes from the environment, is typed, and is refused at start with a sentence when it is wrong. This table
is made from the code: `.venv/bin/python -m tests.rules.settings_table docs/settings.md`.

| setting | default | read by | meaning |
| --- | --- | --- | --- |
"""


def table() -> str:
    """Give the table as Markdown."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for service, settings in CLASSES.items():
        for name, field in settings.model_fields.items():
            default = "**required**" if field.default is PydanticUndefined else f"`{field.default}`"
            rows.setdefault((name.upper(), default, field.description or ""), []).append(service)
    lines = [
        f"| `{name}` | {default} | {', '.join(readers)} | {meaning} |"
        for (name, default, meaning), readers in sorted(rows.items())
    ]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(table())
