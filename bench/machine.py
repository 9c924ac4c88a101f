"""The machine's facts that a figure can't be read without."""

import os
import platform
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured. `load_before` and `load_after` are one-minute averages: processes that wanted a core."""

    processor: str
    cores: int
    memory_mb: int
    python: str
    load_before: float
    load_after: float

    def __str__(self) -> str:
        return (
            f"{self.processor}, {self.cores} cores, {self.memory_mb:,} MB; Python {self.python}; "
            f"load {self.load_before:.1f} before, {self.load_after:.1f} after"
        )


def load() -> float:
    """Give the load of the last minute."""
    return os.getloadavg()[0]


def facts(load_before: float) -> Machine:
    """Give the facts as they are now; `load_before` is what `load` said before the benches."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**2
    return Machine(_processor(), len(os.sched_getaffinity(0)), memory, platform.python_version(), load_before, load())


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.machine()
