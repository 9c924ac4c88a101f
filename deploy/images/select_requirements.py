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
    found = {re.split(r"[=; \[]", entry, maxsplit=1)[0]: entry for entry in entries}
    if missing := names - set(found):
        raise LookupError(f"the lock has no {', '.join(sorted(missing))}")
    return "\n".join(found[name] for name in sorted(names)) + "\n"


if __name__ == "__main__":
    lock_file, names_file = sys.argv[1:]
    sys.stdout.write(select(Path(lock_file).read_text(), set(Path(names_file).read_text().split())))
