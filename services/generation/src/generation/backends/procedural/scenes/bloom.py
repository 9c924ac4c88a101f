"""Flowers seen from above: rings of petals, each lying on the one below, among leaves."""

import numpy as np

from generation.backends.procedural.canvas import Canvas, Stencil
from generation.backends.procedural.colour import Colour, Field, from_hex, lighter, mix
from generation.backends.procedural.noise import Random, cloud, smoothstep
from generation.backends.procedural.palette import Palette

GOLDEN_ANGLE = 2.399963


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    ground = mix(palette.near, palette.inks[0], 0.35)
    canvas.fill(ground)
    shade = cloud(random, canvas.width, canvas.height, (420 * canvas.unit, 420 * canvas.unit))
    canvas.paint(shade * np.float32(0.5), mix(ground, palette.far, 0.35))
    canvas.step(0.08)
    small = min(canvas.w, canvas.h)
    places = _places(canvas, random, small)
    _paint_leaves(canvas, palette, random, places)
    canvas.step(0.2)
    for number, (x, y, radius) in enumerate(places):
        ink = palette.inks[1 + number % (len(palette.inks) - 1)]
        _paint_flower(canvas, random, (x, y, radius), (ink, palette.light, palette.near))
        canvas.step(0.2 + 0.75 * (number + 1) / len(places))


def _places(canvas: Canvas, random: Random, small: float) -> list[tuple[float, float, float]]:
    """One large flower off the middle, smaller ones where there is room; small ones first."""
    found = [
        (
            canvas.w * float(random.uniform(0.36, 0.62)),
            canvas.h * float(random.uniform(0.4, 0.58)),
            small * float(random.uniform(0.30, 0.37)),
        )
    ]
    for _ in range(60):
        x, y = canvas.w * float(random.uniform(0.02, 0.98)), canvas.h * float(random.uniform(0.02, 0.98))
        radius = small * float(random.uniform(0.10, 0.2))
        if all(np.hypot(x - a, y - b) > (radius + r) * 0.86 for a, b, r in found):
            found.append((x, y, radius))
        if len(found) == 8:  # noqa: PLR2004
            break
    return sorted(found, key=lambda place: place[2])


def _paint_leaves(canvas: Canvas, palette: Palette, random: Random, places: list[tuple[float, float, float]]) -> None:
    green = mix(from_hex("#3c7a57"), palette.inks[0], 0.25)
    for layer in range(3):
        leaves, ribs = Stencil(canvas), Stencil(canvas)
        for x, y, radius in places:
            for _ in range(5):
                _draw_leaf(leaves, ribs, random, (x, y), radius * float(random.uniform(1.2, 1.75)))
        tone = lighter(mix(green, palette.near, 0.55 - 0.2 * layer), 0.02 * layer)
        canvas.paint(leaves.mask(), tone)
        canvas.paint(ribs.mask() * np.float32(0.6), lighter(tone, 0.10))
        canvas.step(0.08 + 0.04 * (layer + 1))


def _draw_leaf(leaves: Stencil, ribs: Stencil, random: Random, root: tuple[float, float], length: float) -> None:
    angle = float(random.uniform(0, 2 * np.pi))
    along = np.linspace(0, 1, 24)
    wide = length * float(random.uniform(0.11, 0.17)) * np.sin(np.pi * along**0.8) ** 0.9
    bend = length * float(random.uniform(-0.15, 0.15)) * along**2
    cos, sin = float(np.cos(angle)), float(np.sin(angle))

    def place(across: Field) -> list[tuple[float, float]]:
        u, v = along * length, across + bend
        return [
            (float(x), float(y)) for x, y in zip(root[0] + u * cos - v * sin, root[1] + u * sin + v * cos, strict=True)
        ]

    leaves.polygon([*place(wide), *reversed(place(-wide))])
    ribs.stroke(place(wide * 0), 1.3)


def _paint_flower(
    canvas: Canvas, random: Random, place: tuple[float, float, float], colours: tuple[Colour, Colour, Colour]
) -> None:
    x, y, radius = place
    ink, light, dark = colours
    rings = int(random.integers(6, 10))
    petals = int(random.integers(7, 15))
    pointed = float(random.uniform(0.35, 0.9))
    for ring in range(rings):
        share = 1 - ring / rings
        turn = ring * GOLDEN_ANGLE + float(random.normal(0, 0.05))
        tone = mix(mix(ink, light, 0.34 * (1 - share)), dark, 0.12 * share)
        shape = (radius * share**0.85, turn, petals, pointed)
        _paint_ring(canvas, (x, y), shape, (mix(tone, dark, 0.30), mix(tone, light, 0.30)))
        canvas.step(0.2)
    _, _, distance, planes = _around(canvas, (x, y), radius * 0.1)
    seeds = np.clip((np.float32(radius * 0.085) - distance) * np.float32(canvas.unit) + 0.5, 0, 1)
    for plane, part in zip(planes, mix(light, ink, 0.25), strict=True):
        plane[:] += (part - plane) * seeds


def _paint_ring(
    canvas: Canvas, at: tuple[float, float], shape: tuple[float, float, int, float], tones: tuple[Colour, Colour]
) -> None:
    """One ring of petals, with the shadow it throws on the ring below. `tones`: at their heart, at their tip."""
    reach, turn, petals, pointed = shape
    dx, dy, distance, planes = _around(canvas, at, reach * 1.3)
    petal = np.abs(np.sin((np.arctan2(dy, dx) + np.float32(turn)) * np.float32(petals / 2)))
    edge = np.float32(reach) * (np.float32(0.66) + np.float32(0.34) * petal ** np.float32(pointed))
    inside = np.clip((edge - distance) * np.float32(canvas.unit) + 0.5, 0, 1)
    shadow = np.exp(-np.clip(distance - edge, 0, None) / np.float32(reach * 0.09 + 1)) * np.float32(0.42)
    outwards = np.clip(distance / (edge + np.float32(1e-3)), 0, 1)
    crease = smoothstep(0.0, 0.55, petal) * np.float32(0.75) + np.float32(0.25)
    glow = outwards ** np.float32(1.6) * crease
    for plane, heart, tip in zip(planes, *tones, strict=True):
        plane[:] *= 1 - shadow * (1 - inside)
        plane[:] += (heart + (tip - heart) * glow - plane) * inside


def _around(canvas: Canvas, at: tuple[float, float], reach: float) -> tuple[Field, Field, Field, Field]:
    """The part of the canvas within `reach` of a point: x and y from there, the distance, the planes."""
    x, y = at
    top, bottom = canvas.row(y - reach), canvas.row(y + reach) + 1
    left, right = (int(np.clip(edge * canvas.unit, 0, canvas.width)) for edge in (x - reach, x + reach))
    dx, dy = canvas.xs[:, left:right] - np.float32(x), canvas.ys[top:bottom] - np.float32(y)
    return dx, dy, np.sqrt(dx * dx + dy * dy), canvas.planes[:, top:bottom, left:right]
