"""Every fault by its name."""

from tests.chaos.faults import brokers, clocks, links, log, processes, stores
from tests.chaos.faults.scene import FAULTS, Fault, Scene

__all__ = ["FAULTS", "Fault", "Scene", "brokers", "clocks", "links", "log", "processes", "stores"]
