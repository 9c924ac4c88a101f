"""Pictures computed with numpy and Pillow: the back end that works everywhere, at once, and free."""

from generation.backends.procedural.backend import ProceduralBackend

__all__ = ["ProceduralBackend"]
