"""A forest in mist: rows of firs that fade with distance, or tall trunks, with light falling between them."""

import numpy as np

from generation.backends.procedural.canvas import Canvas, Stencil
from generation.backends.procedural.colour import Colour, lighter, mix
from generation.backends.procedural.noise import Random, chance, cloud, line, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import Sun, paint_gradient, paint_stars, paint_sun, place_sun
from generation.backends.procedural.scenes.trees import tree_line


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    horizon = canvas.h * float(random.uniform(0.50, 0.60))
    paint_gradient(canvas, palette, horizon)
    sun = place_sun(canvas, random, horizon)
    if palette.is_night:
        paint_stars(canvas, random, horizon, 1200, palette.light)
    paint_sun(canvas, palette, sun, 1.2)
    canvas.step(0.15)
    if chance(random, 0.6):
        _paint_firs(canvas, palette, random, horizon)
    else:
        _paint_trunks(canvas, palette, random)
    _paint_rays(canvas, palette, random, sun)
    canvas.step(0.95)


def _paint_firs(canvas: Canvas, palette: Palette, random: Random, horizon: float) -> None:
    mist = cloud(random, canvas.width, canvas.height, (420 * canvas.unit, 100 * canvas.unit))
    layers = 6
    for layer in range(layers):
        depth = layer / (layers - 1)
        base = horizon - canvas.h * 0.06 + (canvas.h * 1.02 - horizon) * depth**1.15
        edge = np.float32(base) + line(random, canvas.width, canvas.width * 0.6, 4, 0.4) * np.float32(canvas.h * 0.075)
        height = 26 + 210 * depth**1.5
        top = float(edge.min()) - height * 1.5
        mask = tree_line(canvas, random, edge, height, height * (0.26 + 0.1 * depth), top)
        tone = mix(mix(palette.far, palette.sky[2], 0.34), palette.near, depth**1.1 * 0.98)
        canvas.paint(mask, tone, top)
        if layer < layers - 1:
            first = canvas.row(top)
            under = (canvas.ys[first:] - edge[None, :] + np.float32(height * 0.55)) / np.float32(canvas.h * 0.16)
            fog = smoothstep(0, 1, under) * (np.float32(0.35) + mist[first:] * np.float32(0.75)) * mask
            canvas.paint(np.clip(fog, 0, 1) * np.float32(0.92 - 0.42 * depth), mix(palette.sky[2], tone, 0.12), top)
        canvas.step(0.15 + 0.65 * (layer + 1) / layers)


def _paint_trunks(canvas: Canvas, palette: Palette, random: Random) -> None:
    ground = canvas.h * float(random.uniform(0.72, 0.80))
    glow = mix(palette.sky[2], palette.light, 0.4)
    leaves = cloud(random, canvas.width, canvas.height, (120 * canvas.unit, 90 * canvas.unit), gain=0.7)
    layers = 6
    for layer in range(layers):
        depth = layer / (layers - 1)
        tone = mix(mix(palette.far, glow, 0.55), palette.near, depth**1.1)
        foot = ground + canvas.h * (0.02 + 0.22 * depth**1.5)
        _paint_row_of_trunks(canvas, random, tone, foot, depth)
        crown = smoothstep(0.60 - 0.04 * depth, 0.78, np.roll(leaves, int(layer * 173 * canvas.unit), axis=1))
        shade = smoothstep(canvas.h * (0.52 - 0.10 * depth), 0, canvas.ys)
        canvas.paint(crown * shade * np.float32(0.5 + 0.35 * depth), mix(tone, palette.inks[1 + layer % 3], 0.35))
        edge = np.float32(foot) + line(random, canvas.width, 240 * canvas.unit, 5, 0.55) * np.float32(7 + 16 * depth)
        floor = canvas.below(edge, foot - 60)
        canvas.paint(floor * np.float32(0.9), mix(tone, palette.inks[1], 0.16), foot - 60)
        canvas.step(0.15 + 0.65 * (layer + 1) / layers)


def _paint_row_of_trunks(canvas: Canvas, random: Random, tone: Colour, foot: float, depth: float) -> None:
    stencil = Stencil(canvas)
    wide = 5 + 34 * depth**1.6
    for _ in range(int(26 - 19 * depth)):
        x = float(random.uniform(-20, canvas.w + 20))
        half = wide * float(random.uniform(0.55, 1.1)) / 2
        lean = float(random.normal(0, 14))
        stencil.polygon(
            [
                (x - half * 1.7, foot + 12),
                (x - half, foot - 60),
                (x + lean - half * 0.7, -10),
                (x + lean + half * 0.7, -10),
                (x + half, foot - 60),
                (x + half * 1.8, foot + 12),
            ]
        )
        for _ in range(int(random.integers(2, 6))):
            y = float(random.uniform(0, foot * 0.62))
            reach = float(random.uniform(40, 150)) * (0.4 + depth) * float(random.choice([-1, 1]))
            at = x + lean * (1 - y / foot)
            stencil.stroke(
                [(at, y), (at + reach * 0.5, y - abs(reach) * 0.16), (at + reach, y - abs(reach) * 0.42)],
                max(1.0, half * 0.22),
            )
    canvas.paint(stencil.mask(), lighter(tone, float(random.normal(0, 0.008))))


def _paint_rays(canvas: Canvas, palette: Palette, random: Random, sun: Sun) -> None:
    """Shafts of light from the sun, through the gaps."""
    angle = np.arctan2(canvas.ys - np.float32(sun.y - 60), canvas.xs - np.float32(sun.x))
    shafts = np.clip(line(random, 1024, 60, 4, 0.6) + np.float32(0.1), 0, 1)
    place = ((angle + np.float32(np.pi)) * np.float32(1023 / (2 * np.pi))).astype(np.intp)
    downwards = smoothstep(-0.15, 0.5, np.sin(angle))
    fade = downwards * np.exp(-canvas.distance(sun.x, sun.y - 60) / np.float32(canvas.h * 0.55))
    canvas.shine(shafts[place] * fade * np.float32(0.42), mix(palette.light, palette.sky[2], 0.3))
