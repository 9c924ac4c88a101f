"""Every fault by its name."""

from tests.chaos.faults import log, processes, stores
from tests.chaos.faults.scene import FAULTS, Fault, Scene

__all__ = ["FAULTS", "Fault", "Scene", "log", "processes", "stores"]
