"""The sea at low sun: waves in perspective, a path of glitter, islands and perhaps a sail."""

import numpy as np
from numpy.typing import NDArray

from generation.backends.procedural.canvas import Canvas, Stencil
from generation.backends.procedural.colour import Field, lighter, mix, ramp
from generation.backends.procedural.noise import Random, chance, cloud, crest, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import (
    Sun,
    paint_clouds,
    paint_gradient,
    paint_moon,
    paint_stars,
    paint_sun,
    place_sun,
)


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    horizon = canvas.h * float(random.uniform(0.46, 0.62))
    paint_gradient(canvas, palette, horizon)
    sun = place_sun(canvas, random, horizon, low=True)
    canvas.step(0.1)
    if palette.is_night:
        paint_stars(canvas, random, horizon, 1200, palette.light)
        paint_moon(canvas, palette, sun, random)
    else:
        paint_sun(canvas, palette, sun, 1.1)
    canvas.step(0.2)
    paint_clouds(canvas, palette, random, horizon, float(random.uniform(0.42, 0.68)))
    canvas.step(0.32)
    _paint_islands(canvas, palette, random, horizon, sun)
    canvas.step(0.4)
    _paint_water(canvas, palette, random, horizon, sun)
    canvas.step(0.85)
    if chance(random, 0.7):
        _paint_sail(canvas, palette, random, horizon, sun)
    canvas.step(0.95)


def _paint_islands(canvas: Canvas, palette: Palette, random: Random, horizon: float, sun: Sun) -> None:
    for depth in range(int(random.integers(1, 4))):
        middle = canvas.w * float(random.uniform(0.05, 0.95))
        wide = canvas.w * float(random.uniform(0.16, 0.34))
        bell = np.exp(-(((canvas.xs[0] - middle) / np.float32(wide)) ** 2) * 2.2)
        tall = canvas.h * float(random.uniform(0.05, 0.13))
        shape = bell * (
            np.float32(0.55) + np.float32(0.45) * crest(random, canvas.width, canvas.width * 0.22, 6)
        ) - np.float32(0.08)
        edge = (np.float32(horizon) - shape * np.float32(tall)).astype(np.float32)
        top = horizon - tall - 4
        body = canvas.below(edge, top)
        body[canvas.row(horizon) - canvas.row(top) :] = 0
        tone = mix(mix(palette.far, palette.near, 0.18 + 0.2 * depth), palette.sky[2], 0.30 - 0.08 * depth)
        lift = np.clip((canvas.ys[canvas.row(top) :] - np.float32(top)) / np.float32(tall + 4), 0, 1)
        low = mix(tone, palette.sky[2], 0.45)
        tones = np.stack([tone[i] + (low[i] - tone[i]) * lift**2 + np.zeros_like(body) for i in range(3)])
        canvas.paint(body, tones, top)


def _paint_water(canvas: Canvas, palette: Palette, random: Random, horizon: float, sun: Sun) -> None:
    first = canvas.row(horizon)
    rows = canvas.height - first
    near = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    deep = mix(palette.near, palette.sky[0], 0.45)
    middle = mix(mix(palette.sky[1], palette.sky[0], 0.45), deep, 0.35)
    colours = ramp([mix(palette.sky[2], palette.sky[1], 0.42), middle, deep], rows)
    canvas.fill_rows(colours, horizon)
    waves, fine = _waves(canvas, random, near)
    canvas.step(0.6)
    crests = lighter(mix(palette.sky[1], palette.sky[2], 0.6), 0.02)
    trough = lighter(deep, -0.05)
    swell = np.float32(0.25) + np.float32(0.6) * near**0.5
    canvas.paint(smoothstep(0.52, 0.95, waves) * swell * np.float32(0.7), crests, horizon)
    canvas.paint(smoothstep(0.5, 0.08, waves) * swell * np.float32(0.55), trough, horizon)
    canvas.step(0.7)
    width = np.float32(sun.radius) * (np.float32(0.8) + near * np.float32(2.7)) + np.float32(10)
    path = np.exp(-(((canvas.xs - np.float32(sun.x)) / width) ** 2))
    glint = smoothstep(0.60, 0.72, fine * np.float32(0.64) + path * np.float32(0.31) - near * np.float32(0.035))
    canvas.shine(path * np.float32(0.34) * (1 - near * np.float32(0.55)), palette.light, horizon)
    canvas.shine(glint * (path**0.7) * np.float32(0.92), palette.light, horizon)
    band = np.exp(-np.arange(rows, dtype=np.float32)[:, None] / np.float32(16 * canvas.unit)) * np.float32(0.35)
    canvas.paint(np.broadcast_to(band, waves.shape).astype(np.float32), palette.sky[2], horizon)


def _waves(canvas: Canvas, random: Random, near: Field) -> tuple[Field, Field]:
    """Swell and ripples, 0 to 1, for each pixel of the water: flat noise seen in perspective."""
    size = 1024
    flat = cloud(random, size, size, (190, 46), gain=0.55)
    ripples = cloud(random, size, size, (46, 15), gain=0.6)
    distance = 1 / (near + np.float32(0.045))
    across = (canvas.xs - np.float32(canvas.w / 2)) * distance * np.float32(0.85)
    rows = _folded(distance * np.float32(150), size)
    columns = _folded(across + np.float32(size * 32 + size / 2), size)
    # Where a pixel covers many waves they average out: the horizon must be calm, not noisy.
    calm = np.clip(near * np.float32(9), 0, 1)
    half = np.float32(0.5)
    swell = (flat[rows, columns] - half) * calm + half
    small = (ripples[rows, columns] - half) * np.clip(near * np.float32(24) + np.float32(0.35), 0, 1) + half
    return swell.astype(np.float32), small.astype(np.float32)


def _folded(place: Field, size: int) -> NDArray[np.intp]:
    """Indices into a texture that is laid out mirrored again and again, so that no seam shows."""
    index = place.astype(np.intp) % (2 * size)
    return np.minimum(index, 2 * size - 1 - index)


def _paint_sail(canvas: Canvas, palette: Palette, random: Random, horizon: float, sun: Sun) -> None:
    size = float(random.uniform(26, 58))
    side = -1 if sun.x > canvas.w / 2 else 1
    x = sun.x + side * canvas.w * float(random.uniform(0.12, 0.34))
    foot = horizon + size * 0.35 + 4
    hull, sails = Stencil(canvas, foot - size * 1.4), Stencil(canvas, foot - size * 1.4)
    hull.polygon(
        [
            (x - size * 0.42, foot - 4),
            (x + size * 0.5, foot - 5),
            (x + size * 0.34, foot + 4),
            (x - size * 0.32, foot + 4),
        ]
    )
    hull.box(x - 0.8, foot - size * 1.25, x + 0.8, foot)
    sails.polygon([(x + 2, foot - size * 1.22), (x + size * 0.5, foot - 8), (x + 2, foot - 7)])
    sails.polygon([(x - 2, foot - size * 1.05), (x - size * 0.38, foot - 8), (x - 2, foot - 7)])
    top = foot - size * 1.4
    shadow = Stencil(canvas, foot)
    for wave in range(7):
        wide = size * 0.34 * (1 - wave / 8) * float(random.uniform(0.6, 1.2))
        shadow.ellipse(x - wide, foot + 3 + wave * 4.2, x + wide, foot + 5 + wave * 4.2)
    canvas.paint(shadow.mask() * np.float32(0.5), palette.near, foot)
    canvas.paint(sails.mask(), mix(palette.light, palette.inks[1], 0.18), top)
    canvas.paint(hull.mask(), palette.near, top)
