"""Print those entries of a lock, hashes and all, whose names a list holds: `select_requirements.py LOCK NAMES`."""

import re
import sys
from pathlib import Path


def select(lock: str, names: set[str]) -> str:
    """Give the entries.

    Raises:
        LookupError: the lock lacks one.
    """
    entries = re.split(r"\n(?=\S)", lock.strip())
    found: dict[str, list[str]] = {}  # several where another Python wants another version
    for entry in entries:
        found.setdefault(re.split(r"[=; \[]", entry, maxsplit=1)[0], []).append(entry)
    if missing := names - set(found):
        raise LookupError(f"the lock has no {', '.join(sorted(missing))}")
    return "\n".join(entry for name in sorted(names) for entry in found[name]) + "\n"


if __name__ == "__main__":
    lock_file, names_file = sys.argv[1:]
    sys.stdout.write(select(Path(lock_file).read_text(), set(Path(names_file).read_text().split())))
