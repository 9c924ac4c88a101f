"""Conifers as silhouettes, one by one or as the edge of a wood."""

import numpy as np

from generation.backends.procedural.canvas import Canvas, Point, Stencil
from generation.backends.procedural.colour import Field
from generation.backends.procedural.noise import Random


def draw_fir(stencil: Stencil, random: Random, x: float, foot: float, height: float) -> None:
    """Draw one fir whose trunk stands at (x, foot)."""
    tiers = int(np.clip(height / 9, 6, 22))
    half = height * float(random.uniform(0.15, 0.21))
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        share = (tier + 1) / tiers
        y = foot - height + height * 0.97 * share
        reach = half * share**0.85
        for side, points in ((-1, left), (1, right)):
            tip = reach * float(random.uniform(0.72, 1.08))
            droop = height / tiers * float(random.uniform(0.0, 0.35))
            points.append((x + side * tip, y + droop))
            points.append((x + side * reach * 0.42, y - height / tiers * 0.12))
    stencil.polygon([(x, foot - height), *right, (x + 1, foot), (x - 1, foot), *reversed(left)])
    stencil.box(x - height * 0.014, foot - height * 0.1, x + height * 0.014, foot + height * 0.08)


def tree_line(canvas: Canvas, random: Random, edge: Field, height: float, gap: float, top: float) -> Field:
    """Mask, from `top` on, of the ground below `edge` (design units a column) with a wood growing on it."""
    stencil = Stencil(canvas, top)
    x = -gap
    while x < canvas.w + gap:
        column = int(np.clip(x * canvas.unit, 0, canvas.width - 1))
        tall = height * float(random.choice([0.55, 0.75, 0.9, 1.0, 1.2]) * random.uniform(0.85, 1.15))
        draw_fir(stencil, random, x, float(edge[column]) + height * 0.06, tall)
        x += gap * float(random.uniform(0.45, 1.3))
    return np.maximum(stencil.mask(), canvas.below(edge, top))
