"""One procedural picture from start to PNG. Pure: the same arguments give the same bytes."""

from collections.abc import Callable

from generation.backends.png import clean_png
from generation.backends.port import RenderRequest
from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.finish import finish
from generation.backends.procedural.reading import read
from generation.backends.procedural.scenes import SCENES

SCENE_SHARE = 0.85
"""How much of the work the scene is; finishing and encoding are the rest."""


def paint(request: RenderRequest, report: Callable[[float], None]) -> bytes:
    """Paint and encode. Calls `report` with the part done, every 100 ms or so; what it raises ends the work."""
    report(0.01)
    brief = read(request.prompt, request.seed, request.width, request.height)
    canvas = Canvas(request.width, request.height, lambda fraction: report(0.01 + fraction * (SCENE_SHARE - 0.01)))
    SCENES[brief.family](canvas, brief.palette, brief.random)
    report(SCENE_SHARE)
    finish(canvas, brief.random)
    report(0.9)
    encoded = clean_png(canvas.picture(), compress_level=3)
    report(1.0)
    return encoded
