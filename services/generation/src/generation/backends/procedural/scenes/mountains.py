"""Mountains: ridge behind ridge, each a little darker, with mist between them."""

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Field, lighter, mix
from generation.backends.procedural.noise import Random, chance, cloud, crest, line, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import (
    paint_clouds,
    paint_gradient,
    paint_moon,
    paint_stars,
    paint_sun,
    place_sun,
)
from generation.backends.procedural.scenes.trees import tree_line
from generation.backends.procedural.scenes.water import mirror


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    horizon = canvas.h * float(random.uniform(0.60, 0.70))
    paint_gradient(canvas, palette, horizon)
    sun = place_sun(canvas, random, horizon)
    if palette.is_night:
        paint_stars(canvas, random, horizon, 1400, palette.light)
        paint_moon(canvas, palette, sun, random)
    else:
        paint_sun(canvas, palette, sun)
    canvas.step(0.12)
    paint_clouds(canvas, palette, random, horizon, float(random.uniform(0.3, 0.62)))
    canvas.step(0.2)
    relief = _relief(canvas, random, 1 if sun.x < canvas.w / 2 else -1)
    canvas.step(0.3)
    has_lake = chance(random, 0.45)
    shore = canvas.h * float(random.uniform(0.74, 0.8)) if has_lake else canvas.h
    layers = int(random.integers(4, 7))
    for layer in range(layers):
        _paint_ridge(canvas, palette, random, relief, horizon, (shore, layer / (layers - 1)))
        canvas.step(0.3 + 0.4 * (layer + 1) / layers)
    if has_lake:
        mirror(canvas, random, shore, mix(palette.near, palette.sky[0], 0.5), 0.42)
        canvas.step(0.8)
    _paint_foreground(canvas, palette, random)


def _relief(canvas: Canvas, random: Random, side: int) -> Field:
    """Light and shadow on rock, about -1 to 1: the slope of a rough surface, seen with the light from one side."""
    rock = cloud(random, canvas.width, canvas.height, (170 * canvas.unit, 230 * canvas.unit), gain=0.5)
    rock = np.abs(rock - np.float32(0.5))
    step = max(1, int(3 * canvas.unit))
    slope = np.zeros_like(rock)
    slope[:, step:] = (rock[:, step:] - rock[:, :-step]) * np.float32(side)
    slope[step:] += (rock[step:] - rock[:-step]) * np.float32(0.5)
    relief: Field = np.clip(slope * np.float32(16), -1, 1)
    return relief


def _paint_ridge(
    canvas: Canvas, palette: Palette, random: Random, relief: Field, horizon: float, place: tuple[float, float]
) -> None:
    shore, depth = place
    base = horizon + (min(shore, canvas.h * 0.98) - horizon) * depth**1.1
    tall = canvas.h * (0.34 - 0.2 * depth) * float(random.uniform(0.85, 1.15))
    cell = canvas.width * (0.55 - 0.2 * depth)
    edge = np.float32(base) - np.float32(tall) * crest(random, canvas.width, cell, octaves=7, gain=0.46) ** np.float32(
        1.25
    )
    top = float(edge.min()) - 2
    mask = canvas.below(edge, top)
    rows = mask.shape[0]
    tone = mix(palette.far, palette.near, depth**1.35 * 0.82)
    tone = mix(tone, palette.sky[2], 0.38 * (1 - depth))
    under = np.clip(canvas.ys[canvas.row(top) :] - edge[None, :], 0, None)
    start = int(random.integers(0, max(1, canvas.height - rows)))
    slope = relief[start : start + rows] * np.float32(0.048 + 0.03 * depth)
    slope *= 1 - np.clip(under / np.float32(tall * 1.5), 0, 1) * np.float32(0.55)
    mist = smoothstep(0.15, 1.0, under / np.float32(tall * 1.05)) * np.float32(0.78 * (1 - depth * 0.75))
    air = mix(palette.sky[2], palette.far, 0.18)
    lit = mix(tone, palette.light, 0.75)
    dark = lighter(tone, -0.16)
    up, down = np.clip(slope, 0, None) * np.float32(3.6), np.clip(-slope, 0, None) * np.float32(4.0)
    tones = np.empty((3, *mask.shape), np.float32)
    for plane, own, bright, shadow, haze in zip(tones, tone, lit, dark, air, strict=True):
        plane[:] = own + (bright - own) * up + (shadow - own) * down
        plane[:] += (haze - plane) * mist
    canvas.paint(mask, tones, top)


def _paint_foreground(canvas: Canvas, palette: Palette, random: Random) -> None:
    edge = canvas.h * np.float32(0.955) + line(random, canvas.width, canvas.width * 0.7, 3) * np.float32(26)
    lean = np.linspace(-1, 1, canvas.width, dtype=np.float32) * np.float32(random.choice([-1, 1]))
    edge += lean**2 * np.float32(-46) + lean * np.float32(30)
    height = float(random.uniform(46, 92))
    top = float(edge.min()) - height * 1.5
    canvas.paint(tree_line(canvas, random, edge, height, height * 0.30, top), lighter(palette.near, -0.03), top)
    canvas.step(0.95)
