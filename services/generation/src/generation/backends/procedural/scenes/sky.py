"""Skies: gradient, sun or moon with its glow, clouds, stars. Most landscapes begin with one."""

from dataclasses import dataclass

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Colour, Field, lighter, mix, ramp
from generation.backends.procedural.noise import Random, cloud, smoothstep
from generation.backends.procedural.palette import Palette


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the light is, in design units. At night it is the moon."""

    x: float
    y: float
    radius: float


def place_sun(canvas: Canvas, random: Random, horizon: float, low: bool = False) -> Sun:
    """Choose a place off the middle, near a third of the picture."""
    side = random.choice([0.30, 0.36, 0.64, 0.70])
    height = random.uniform(0.72, 0.92) if low else random.uniform(0.38, 0.72)
    return Sun(float(side * canvas.w), float(horizon * height), float(random.uniform(0.034, 0.062) * 1024))


def paint_gradient(canvas: Canvas, palette: Palette, horizon: float) -> None:
    """Fill the canvas: sky down to the horizon, and the horizon's colour below it."""
    rows = canvas.height
    last = max(canvas.row(horizon), 2)
    sky = ramp(palette.sky, last)
    canvas.fill_rows(np.concatenate([sky, np.repeat(sky[-1:], rows - last, axis=0)]))


def paint_sun(canvas: Canvas, palette: Palette, sun: Sun, glow: float = 1.0) -> None:
    """Add the disc and its glow."""
    distance = canvas.distance(sun.x, sun.y)
    canvas.shine(np.float32(0.55 * glow) / (1 + (distance / np.float32(sun.radius * 2.6)) ** 2), palette.light)
    canvas.shine(np.float32(0.28 * glow) * np.exp(-distance / np.float32(330)), palette.light)
    canvas.paint(canvas.disc(distance, sun.radius, 1.6) * np.float32(0.96), palette.light)


def paint_moon(canvas: Canvas, palette: Palette, sun: Sun, random: Random) -> None:
    """Add a moon with a soft terminator and a halo."""
    distance = canvas.distance(sun.x, sun.y)
    canvas.shine(np.float32(0.30) / (1 + (distance / np.float32(sun.radius * 2.2)) ** 2), palette.light)
    offset = sun.radius * float(random.choice([-1, 1])) * float(random.uniform(0.25, 0.55))
    lit = 1 - canvas.disc(canvas.distance(sun.x + offset, sun.y - sun.radius * 0.2), sun.radius, sun.radius * 0.35)
    canvas.paint(canvas.disc(distance, sun.radius, 1.4) * (lit * np.float32(0.92) + np.float32(0.06)), palette.light)


def paint_clouds(canvas: Canvas, palette: Palette, random: Random, horizon: float, cover: float) -> None:
    """Add drifting clouds, lit from below near the horizon. `cover` from 0 to 1 says how much sky they hide."""
    rows = canvas.row(horizon)
    if rows < 16:  # noqa: PLR2004
        return
    density = cloud(random, canvas.width, rows, (420 * canvas.unit, 90 * canvas.unit), gain=0.55)
    body = smoothstep(1.02 - cover, 1.5 - cover * 0.8, density)
    # Thin at the top and right above the horizon: clouds lie in a band, and the eye wants air around it.
    place = canvas.ys[:rows] / np.float32(horizon)
    body *= smoothstep(0.0, 0.35, place) * (1 - smoothstep(0.82, 1.0, place))
    step = max(1, int(7 * canvas.unit))
    edge = np.zeros_like(density)
    edge[:-step] = np.clip((density[:-step] - density[step:]) * 3.0 + 0.35, 0, 1)
    shadow = mix(palette.sky[1], palette.sky[0], 0.35)
    lit = mix(lighter(palette.sky[2], 0.03), palette.light, 0.45)
    tones = np.stack([shadow[i] + (lit[i] - shadow[i]) * edge for i in range(3)])
    canvas.paint(body * np.float32(0.85), tones)


def paint_stars(canvas: Canvas, random: Random, horizon: float, count: int, colour: Colour) -> None:
    """Add stars: many faint ones, few bright ones with a small halo."""
    light: Field = np.zeros((canvas.height, canvas.width), np.float32)
    rows = canvas.row(horizon)
    ys, xs = random.integers(2, max(rows - 2, 3), count), random.integers(2, canvas.width - 2, count)
    bright = (random.pareto(1.8, count) * 0.22 + 0.06).clip(0, 1).astype(np.float32)
    bright *= np.clip(1.25 - ys / max(rows, 1), 0, 1).astype(np.float32)
    np.maximum.at(light, (ys, xs), bright)
    for dy, dx, share in ((0, 1, 0.45), (1, 0, 0.45), (0, -1, 0.45), (-1, 0, 0.45), (1, 1, 0.2), (-1, -1, 0.2)):
        np.maximum.at(light, (ys + dy, xs + dx), bright * np.float32(share))
    canvas.shine(light, colour)
