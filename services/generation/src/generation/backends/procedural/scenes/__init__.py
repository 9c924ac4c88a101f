"""The scenes, one module for each family of pictures."""

from collections.abc import Callable

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.noise import Random
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.reading import Family
from generation.backends.procedural.scenes import (
    bloom,
    city,
    dunes,
    flow,
    forest,
    geometric,
    marble,
    mountains,
    night,
    sea,
    space,
)

Scene = Callable[[Canvas, Palette, Random], None]

SCENES: dict[Family, Scene] = {
    "mountains": mountains.paint,
    "sea": sea.paint,
    "dunes": dunes.paint,
    "night": night.paint,
    "forest": forest.paint,
    "city": city.paint,
    "space": space.paint,
    "flow": flow.paint,
    "marble": marble.paint,
    "geometric": geometric.paint,
    "bloom": bloom.paint,
}
