"""A night sky: stars, the Milky Way, curtains of aurora over hills, sometimes a lake."""

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Colour, from_hex, lighter, mix, shifted
from generation.backends.procedural.noise import Random, chance, cloud, crest, line, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import paint_gradient, paint_moon, paint_stars, place_sun
from generation.backends.procedural.scenes.trees import tree_line
from generation.backends.procedural.scenes.water import mirror


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    horizon = canvas.h * float(random.uniform(0.74, 0.84))
    paint_gradient(canvas, palette, horizon)
    _paint_milky_way(canvas, palette, random, horizon)
    canvas.step(0.2)
    paint_stars(canvas, random, horizon, 2600, mix(palette.light, from_hex("#cfe3ff"), 0.5))
    canvas.step(0.28)
    if chance(random, 0.7):
        first = shifted(from_hex("#3df0a4"), float(random.normal(0, 0.35)), 0.9, 0.0)
        high = shifted(from_hex("#a45cff"), float(random.normal(0, 0.4)), 0.95, 0.0)
        for curtain in range(int(random.integers(2, 4))):
            _paint_curtain(canvas, random, horizon, (first, high), 1 - 0.22 * curtain)
            canvas.step(0.4 + 0.12 * curtain)
    else:
        paint_moon(canvas, palette, place_sun(canvas, random, horizon * 0.75), random)
        canvas.step(0.6)
    has_lake = chance(random, 0.5)
    shore = horizon + canvas.h * 0.02
    _paint_hills(canvas, palette, random, horizon, shore if has_lake else canvas.h)
    canvas.step(0.85)
    if has_lake:
        mirror(canvas, random, shore, palette.near, 0.5)
        canvas.step(0.95)


def _paint_milky_way(canvas: Canvas, palette: Palette, random: Random, horizon: float) -> None:
    angle = float(random.uniform(0.5, 1.1)) * float(random.choice([-1, 1]))
    x, y = canvas.xs - np.float32(canvas.w * random.uniform(0.35, 0.65)), canvas.ys - np.float32(horizon * 0.45)
    across = x * np.float32(np.sin(angle)) - y * np.float32(np.cos(angle))
    dust = cloud(random, canvas.width, canvas.height, (300 * canvas.unit, 260 * canvas.unit), gain=0.6)
    band = np.exp(-(((across + (dust - np.float32(0.5)) * 150) / np.float32(130)) ** 2))
    lanes = smoothstep(0.35, 0.75, dust)
    canvas.shine(band * (np.float32(0.12) + lanes * np.float32(0.30)), lighter(palette.sky[2], 0.16))
    canvas.shine(band**3 * lanes * np.float32(0.22), palette.light)
    stars = random.random((canvas.height, canvas.width), dtype=np.float32)
    canvas.shine(smoothstep(0.993, 1.0, stars) * band * np.float32(0.7), palette.light)


def _paint_curtain(
    canvas: Canvas, random: Random, horizon: float, colours: tuple[Colour, Colour], strength: float
) -> None:
    """One fold of light: sharp below, fading upwards, in rays."""
    low, high = colours
    foot = horizon * float(random.uniform(0.50, 0.84))
    edge = np.float32(foot) + line(random, canvas.width, canvas.width * 0.5, 4, 0.42) * np.float32(horizon * 0.17)
    rays = line(random, canvas.width, 60 * canvas.unit, 5, 0.7)
    bright = np.clip(np.float32(0.55) + rays * np.float32(0.42), 0.05, 1.4)
    bright *= np.clip(np.float32(0.75) + line(random, canvas.width, canvas.width * 0.4, 2), 0.05, 1.2)
    reach = np.float32(horizon * 0.24) * (np.float32(0.8) + rays * np.float32(0.28))
    rows = canvas.row(horizon)
    above = edge[None, :] - canvas.ys[:rows]
    body = np.where(
        above > 0, np.exp(-np.clip(above, 0, None) / reach), np.exp(np.clip(above, None, 0) / np.float32(11))
    )
    light = body.astype(np.float32) * bright * np.float32(0.72 * strength)
    rise = np.clip(above / (reach * np.float32(2.4)), 0, 1)
    for plane, first, last in zip(canvas.planes, low, high, strict=True):
        part = plane[:rows]
        part += (1 - part) * light * (first + (last - first) * rise)


def _paint_hills(canvas: Canvas, palette: Palette, random: Random, horizon: float, shore: float) -> None:
    for depth in (0.0, 0.5, 1.0):
        base = horizon + (min(shore, canvas.h * 0.97) - horizon) * depth
        tall = canvas.h * (0.15 - 0.08 * depth)
        cell = canvas.width * (0.6 - 0.2 * depth)
        edge = np.float32(base) - np.float32(tall) * crest(random, canvas.width, cell, 6, 0.42)
        tone = mix(mix(palette.sky[2], palette.near, 0.52 + 0.2 * depth), palette.near, depth**0.7)
        if depth == 1:
            height = float(random.uniform(34, 70))
            top = float(edge.min()) - height * 1.5
            canvas.paint(tree_line(canvas, random, edge, height, height * 0.3, top), tone, top)
        else:
            canvas.paint(canvas.below(edge, float(edge.min()) - 2), tone, float(edge.min()) - 2)
