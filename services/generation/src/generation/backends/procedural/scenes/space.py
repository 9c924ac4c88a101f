"""Space: a banded or rocky planet with air at its rim, rings or a moon, before a nebula."""

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Colour, Field, lighter, mix, ramp
from generation.backends.procedural.noise import Random, chance, cloud, line, smoothstep
from generation.backends.procedural.palette import Palette
from generation.backends.procedural.scenes.sky import paint_stars


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    dark = lighter(mix(palette.near, palette.sky[0], 0.35), -0.06)
    canvas.fill(dark)
    _paint_nebula(canvas, palette, random)
    canvas.step(0.3)
    paint_stars(canvas, random, canvas.h, 2400, palette.light)
    canvas.step(0.38)
    small = min(canvas.w, canvas.h)
    radius = small * float(random.uniform(0.24, 0.36))
    x = canvas.w * float(random.choice([0.36, 0.42, 0.58, 0.64]))
    y = canvas.h * float(random.uniform(0.44, 0.58))
    sun = float(random.uniform(-2.7, -0.45))
    has_rings = chance(random, 0.5)
    tilt = float(random.uniform(-0.5, 0.5))
    grooves = np.clip(np.float32(0.48) + line(random, 512, 90, 6, 0.8) * np.float32(0.4), 0.04, 0.95)
    if has_rings:
        _paint_rings(canvas, palette, grooves, (x, y, radius, tilt), behind=True)
    canvas.step(0.5)
    _paint_globe(canvas, palette, random, (x, y, radius), sun, tilt)
    canvas.step(0.72)
    if has_rings:
        _paint_rings(canvas, palette, grooves, (x, y, radius, tilt), behind=False)
    canvas.step(0.85)
    away = float(random.uniform(0, 2 * np.pi))
    moon = radius * float(random.uniform(0.09, 0.17))
    reach = radius * float(random.uniform(1.5, 1.9))
    at_x, at_y = x + reach * float(np.cos(away)), y + reach * float(np.sin(away)) * 0.8
    _paint_globe(canvas, palette, random, (at_x, at_y, moon), sun, tilt)
    canvas.step(0.95)


def _paint_nebula(canvas: Canvas, palette: Palette, random: Random) -> None:
    size = (460 * canvas.unit, 460 * canvas.unit)
    mist = cloud(random, canvas.width, canvas.height, size, gain=0.58)
    veil = cloud(random, canvas.width, canvas.height, size, gain=0.52)
    filaments = (1 - np.abs(mist - np.float32(0.5)) * 3.2).clip(0, 1) ** 2
    canvas.shine(smoothstep(0.42, 1.0, veil) * np.float32(0.55), palette.sky[1])
    canvas.shine(filaments * smoothstep(0.38, 0.85, veil) * np.float32(0.42), palette.sky[2])
    canvas.shine(smoothstep(0.62, 1.05, mist) * smoothstep(0.3, 0.9, 1 - veil) * np.float32(0.40), palette.inks[1])


def _paint_globe(
    canvas: Canvas, palette: Palette, random: Random, place: tuple[float, float, float], sun: float, tilt: float
) -> None:
    x, y, radius = place
    distance = canvas.distance(x, y)
    nx = (canvas.xs - np.float32(x)) / np.float32(radius)
    ny = (canvas.ys - np.float32(y)) / np.float32(radius)
    nz = np.sqrt(np.clip(1 - nx * nx - ny * ny, 0, 1))
    facing = nx * np.float32(np.cos(sun) * 0.82) + ny * np.float32(np.sin(sun) * 0.82) + nz * np.float32(0.5)
    day = smoothstep(-0.12, 0.95, facing)
    air = mix(palette.light, palette.sky[1], 0.45)
    outside = np.clip(distance - np.float32(radius), 0, None)
    lit_rim = np.clip(nx * np.float32(np.cos(sun)) + ny * np.float32(np.sin(sun)) + np.float32(0.25), 0, 1)
    canvas.shine(np.exp(-outside / np.float32(radius * 0.11)) * lit_rim * np.float32(0.55), air)
    surface = _surface(canvas, palette, random, (nx, ny), tilt)
    shadow = mix(palette.near, palette.sky[0], 0.15)
    mask = canvas.disc(distance, radius)
    for plane, tones, dark, glow in zip(canvas.planes, surface, shadow, air, strict=True):
        body = dark + (tones - dark) * day
        body += (glow - body) * (1 - nz) ** 3 * day * np.float32(0.75)
        plane[:] += (body - plane) * mask


def _surface(canvas: Canvas, palette: Palette, random: Random, across: tuple[Field, Field], tilt: float) -> list[Field]:
    """The globe's colours before light: bands along its latitude, stirred, or land and sea."""
    nx, ny = across
    stir = cloud(random, canvas.width, canvas.height, (110 * canvas.unit, 60 * canvas.unit), gain=0.6)
    latitude = ny * np.float32(np.cos(tilt)) - nx * np.float32(np.sin(tilt))
    if chance(random, 0.65):
        bands: list[Colour] = []
        for _ in range(9):
            ink = palette.inks[int(random.integers(len(palette.inks)))]
            bands.append(mix(ink, palette.sky[2], float(random.uniform(0.1, 0.6))))
        place = latitude * np.float32(0.42) + np.float32(0.5) + (stir - np.float32(0.5)) * np.float32(0.10)
        table = ramp(bands, 512)
    else:
        place = stir * np.float32(0.8) + np.abs(latitude) * np.float32(0.2)
        sea, land = mix(palette.inks[0], palette.sky[0], 0.4), mix(palette.inks[2], palette.far, 0.4)
        table = ramp([sea, sea, lighter(sea, 0.08), land, lighter(land, 0.08), palette.light], 512)
    index = np.clip(place * 511, 0, 511).astype(np.intp)
    return [table[:, i].take(index) for i in range(3)]


def _paint_rings(
    canvas: Canvas, palette: Palette, grooves: Field, place: tuple[float, float, float, float], behind: bool
) -> None:
    x, y, radius, tilt = place
    along = (canvas.xs - np.float32(x)) * np.float32(np.cos(tilt)) + (canvas.ys - np.float32(y)) * np.float32(
        np.sin(tilt)
    )
    across = (canvas.ys - np.float32(y)) * np.float32(np.cos(tilt)) - (canvas.xs - np.float32(x)) * np.float32(
        np.sin(tilt)
    )
    reach = np.sqrt(along**2 + (across / np.float32(0.27)) ** 2) / np.float32(radius)
    index = np.clip((reach - np.float32(1.2)) * np.float32(len(grooves)), 0, len(grooves) - 1).astype(np.intp)
    body = smoothstep(1.28, 1.31, reach) * (1 - smoothstep(2.02, 2.1, reach)) * grooves.take(index)
    half = (across < 0) if behind else (across >= 0)
    canvas.paint(body * half * np.float32(0.85), mix(palette.sky[2], palette.light, 0.45))
