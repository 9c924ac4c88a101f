"""A skyline over water: towers in layers of haze, lit windows, reflections."""

import numpy as np

from generation.backends.procedural.canvas import Canvas, Stencil
from generation.backends.procedural.colour import mix
from generation.backends.procedural.noise import Random, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import (
    paint_clouds,
    paint_gradient,
    paint_moon,
    paint_stars,
    paint_sun,
    place_sun,
)
from generation.backends.procedural.scenes.water import mirror

LAYERS = 4


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    shore = canvas.h * float(random.uniform(0.72, 0.80))
    paint_gradient(canvas, palette, shore)
    sun = place_sun(canvas, random, shore * 0.85)
    if palette.is_night:
        paint_stars(canvas, random, shore * 0.8, 900, palette.light)
        paint_moon(canvas, palette, sun, random)
    else:
        paint_sun(canvas, palette, sun)
    canvas.step(0.15)
    paint_clouds(canvas, palette, random, shore, float(random.uniform(0.25, 0.5)))
    canvas.step(0.25)
    centre = canvas.w * float(random.uniform(0.3, 0.7))
    for layer in range(LAYERS):
        _paint_row(canvas, palette, random, shore, (layer / (LAYERS - 1), centre))
        canvas.step(0.25 + 0.5 * (layer + 1) / LAYERS)
    mirror(canvas, random, shore, mix(palette.near, palette.sky[0], 0.35), 0.46)
    canvas.step(0.95)


def _paint_row(canvas: Canvas, palette: Palette, random: Random, shore: float, place: tuple[float, float]) -> None:
    depth, centre = place
    body, windows = Stencil(canvas), Stencil(canvas)
    x = -20.0
    while x < canvas.w + 10:
        wide = float(random.uniform(26, 62)) * (0.62 + 0.5 * depth)
        downtown = float(np.exp(-(((x - centre) / (canvas.w * 0.28)) ** 2)))
        tall = canvas.h * (
            0.05 + 0.09 * float(random.random()) + (0.50 - 0.33 * depth) * downtown * float(random.uniform(0.35, 1.0))
        )
        tall *= float(random.uniform(0.8, 1.15))
        _draw_tower(body, random, x, shore, wide, tall)
        if depth > 0:
            _draw_windows(
                windows, random, (x, shore, wide, tall), 0.75 + 0.4 * depth, 0.5 if palette.is_night else 0.26
            )
        x += wide * float(random.uniform(0.72, 1.18))
    tone = mix(mix(palette.far, palette.sky[2], 0.42 * (1 - depth)), palette.near, 0.12 + 0.82 * depth)
    mask = body.mask()
    # Each row sinks into the haze of the street: lighter at its foot.
    haze = smoothstep(shore - canvas.h * 0.34, shore, canvas.ys) * np.float32(0.85 * (1 - 0.6 * depth))
    foot = mix(tone, palette.sky[2], 0.8)
    canvas.paint(mask, np.stack([tone[i] + (foot[i] - tone[i]) * haze + np.zeros_like(mask) for i in range(3)]))
    canvas.step(0.25 + 0.5 * (depth * (LAYERS - 1) + 0.5) / LAYERS)
    light = windows.mask() * mask
    warm = mix(palette.light, palette.inks[3], 0.35)
    canvas.paint(light * np.float32(0.35 + 0.5 * depth), warm)


def _draw_tower(body: Stencil, random: Random, x: float, shore: float, wide: float, tall: float) -> None:
    top = shore - tall
    body.box(x, top, x + wide, shore + 2)
    kind = float(random.random())
    if kind < 0.22:  # noqa: PLR2004
        body.box(x + wide * 0.18, top - tall * 0.09, x + wide * 0.82, top)
        body.box(x + wide * 0.34, top - tall * 0.16, x + wide * 0.66, top)
    elif kind < 0.36:  # noqa: PLR2004
        body.polygon([(x, top), (x + wide / 2, top - wide * 0.7), (x + wide, top)])
    elif kind < 0.48:  # noqa: PLR2004
        body.polygon([(x, top), (x, top - wide * 0.5), (x + wide, top)])
    elif kind < 0.60:  # noqa: PLR2004
        body.box(x + wide * 0.47, top - tall * 0.22, x + wide * 0.53, top)
        body.box(x + wide * 0.30, top - 7, x + wide * 0.70, top)


def _draw_windows(
    windows: Stencil, random: Random, tower: tuple[float, float, float, float], size: float, share_lit: float
) -> None:
    x, shore, wide, tall = tower
    columns, rows = int((wide - 6) / (6.5 * size)), int((tall - 10) / (9.5 * size))
    if columns < 1 or rows < 1:
        return
    # Whole floors are bright or dark, as in offices.
    lit = random.random((rows, columns)) < share_lit * random.uniform(0.2, 1.5, (rows, 1)) * random.uniform(0.4, 1.2)
    strengths = random.integers(110, 256, (rows, columns))
    left = x + (wide - columns * 6.5 * size) / 2 + 1.4 * size
    for row, column in np.argwhere(lit):
        at_x, at_y = left + column * 6.5 * size, shore - tall + 7 + row * 9.5 * size
        windows.box(at_x, at_y, at_x + 3.4 * size, at_y + 5.2 * size, int(strengths[row, column]))
