"""Dunes: sharp crests between a lit and a shaded side, ripples in the sand, a large pale sun."""

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Field, lighter, mix
from generation.backends.procedural.noise import Random, chance, cloud, line, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import paint_clouds, paint_gradient, paint_stars, paint_sun, place_sun


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    horizon = canvas.h * float(random.uniform(0.46, 0.56))
    paint_gradient(canvas, palette, horizon)
    sun = place_sun(canvas, random, horizon, low=chance(random, 0.5))
    if palette.is_night:
        paint_stars(canvas, random, horizon, 1200, palette.light)
    paint_sun(canvas, palette, sun, 0.9)
    canvas.step(0.12)
    paint_clouds(canvas, palette, random, horizon, float(random.uniform(0.15, 0.4)))
    canvas.step(0.2)
    light_side = 1 if sun.x > canvas.w / 2 else -1
    sand = cloud(random, canvas.width, canvas.height, (260 * canvas.unit, 120 * canvas.unit))
    count = int(random.integers(6, 9))
    middles = random.permutation(count)
    for number in range(count):
        depth = number / (count - 1)
        middle = canvas.w * (float(middles[number]) + float(random.uniform(0.2, 0.8))) / count
        _paint_dune(canvas, palette, random, sand, (horizon, depth, middle, light_side))
        canvas.step(0.2 + 0.75 * (number + 1) / count)


def _paint_dune(
    canvas: Canvas, palette: Palette, random: Random, sand: Field, place: tuple[float, float, float, int]
) -> None:
    horizon, depth, middle, light_side = place
    base = horizon + (canvas.h - horizon) * (0.02 + 0.95 * depth**1.3)
    tall = canvas.h * (0.055 + 0.20 * depth**0.9) * float(random.uniform(0.8, 1.2))
    wide = canvas.w * (0.26 + 0.50 * depth)
    x = (canvas.xs[0] - np.float32(middle)) / np.float32(wide)
    # Windward slopes are long, lee slopes short.
    slow, steep = (0.85, 1.25) if light_side > 0 else (1.25, 0.85)
    bump = np.where(x < 0, 1 / (1 + np.abs(x * slow * 1.6) ** 1.7), 1 / (1 + np.abs(x * steep * 1.6) ** 1.7))
    edge = np.float32(base) - np.float32(tall) * bump.astype(np.float32)
    edge += line(random, canvas.width, canvas.width * 0.45, 3, 0.35) * np.float32(tall * 0.10)
    top = float(edge.min()) - 2
    mask = canvas.below(edge, top)
    ys = canvas.ys[canvas.row(top) :]
    under = np.clip(ys - edge[None, :], 0, None)
    # The crest winds down from the summit towards the viewer; light falls on one side of it.
    fall = np.clip((ys - np.float32(top)) / np.float32(tall + canvas.h * 0.20), 0, 1.6)
    swing = float(random.uniform(0.10, 0.22)) * wide
    turn = float(random.uniform(0, np.pi))
    crest_x = np.float32(middle) - light_side * fall * np.float32(wide * 0.30)
    crest_x = (
        crest_x
        + np.float32(swing) * (np.sin(fall * np.float32(4.2) + np.float32(turn)) - np.float32(np.sin(turn))) * fall
    )
    side = (canvas.xs - crest_x) * np.float32(light_side)
    lit = smoothstep(-1.6, 1.6, side * np.float32(canvas.unit))
    spread = np.clip(np.abs(side) / np.float32(wide * 0.75), 0, 1)
    near = mix(palette.far, palette.near, 0.12 + 0.36 * depth)
    bright = mix(mix(near, palette.light, 0.52 - 0.14 * depth), palette.sky[2], 0.30 * (1 - depth))
    dark = mix(lighter(mix(near, palette.near, 0.42), -0.02), palette.sky[2], 0.45 * (1 - depth) ** 1.5)
    shine = lit * (1 - spread * np.float32(0.45)) + (1 - lit) * spread * np.float32(0.38)
    grain = _ripples(canvas, random, sand, top, under, depth)
    shine = np.clip(shine + grain * (lit * np.float32(0.75) + np.float32(0.25)), 0, 1)
    haze = np.clip(under / np.float32(tall * 2.2), 0, 1) ** 1.5 * np.float32(0.35 * (1 - depth))
    tones = np.stack(
        [(dark[i] + (bright[i] - dark[i]) * shine) * (1 - haze) + palette.sky[2][i] * haze for i in range(3)]
    )
    canvas.paint(mask, tones, top)


def _ripples(canvas: Canvas, random: Random, sand: Field, top: float, under: Field, depth: float) -> Field:
    """Wind ripples, small numbers around 0; they follow the ground and widen towards the viewer."""
    first = canvas.row(top)
    field = sand[first:]
    length = np.float32(4 + 9 * depth)
    slant = np.float32(random.uniform(-0.35, 0.35))
    phase = (under**0.92 + canvas.xs * slant + field * np.float32(42)) / length
    ripples: Field = np.sin(phase * np.float32(2 * np.pi)) * np.float32(0.015 + 0.05 * depth)
    return ripples + (field - np.float32(0.5)) * np.float32(0.22)
