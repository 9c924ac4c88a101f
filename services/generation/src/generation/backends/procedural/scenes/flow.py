"""Strokes that follow a hidden current, as a comb through ink."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from generation.backends.procedural.canvas import Canvas, reduced
from generation.backends.procedural.colour import Colour, Field, lighter, mix
from generation.backends.procedural.noise import Random, cloud
from generation.backends.procedural.palette import Palette

SHARPNESS = 2
"""The enlargement that is drawn on; strokes are soft enough for two."""

STEPS = 46
"""Points of the longest stroke."""

BRUSHES = ((400, 18.0), (850, 8.5), (1150, 4.0), (550, 1.9))
"""Strokes and their width in design units, coarse to fine."""


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    canvas.fill(palette.paper)
    stain = cloud(random, canvas.width, canvas.height, (520 * canvas.unit, 520 * canvas.unit))
    canvas.paint(stain * np.float32(0.16), mix(palette.paper, palette.inks[1], 0.4))
    canvas.step(0.08)
    field = cloud(random, 256, 256, (190, 190), gain=0.32)
    turn = float(random.uniform(2.2, 4.2))
    start = float(random.uniform(0, 2 * np.pi))
    mood = cloud(random, 256, 256, (150, 150), gain=0.4)
    fields = (field * np.float32(turn * 2) + np.float32(start), mood)
    # Drawn in colour on an enlarged copy: strokes of all inks lie over and under each other.
    large = canvas.picture().resize((canvas.width * SHARPNESS, canvas.height * SHARPNESS), Image.Resampling.BILINEAR)
    pencil = ImageDraw.Draw(large)
    for number, brush in enumerate(BRUSHES):
        _draw_strokes(canvas, palette, random, fields, (pencil, *brush))
        canvas.step(0.15 + 0.7 * (number + 1) / len(BRUSHES))
    canvas.load(reduced(large, SHARPNESS))
    canvas.step(0.95)


def _draw_strokes(
    canvas: Canvas,
    palette: Palette,
    random: Random,
    fields: tuple[Field, Field],
    brush: tuple[ImageDraw.ImageDraw, int, float],
) -> None:
    current, mood = fields
    pencil, count, width = brush
    paths = _follow(canvas, random, current, count)
    last = len(palette.inks) - 1
    # Colour goes by place, with exceptions: the eye gets regions, and sparks in them.
    choice = mood[_cells(canvas, paths[0])] * (last + 1.6) + random.normal(0, 0.45, count)
    tones = [[_levels(lighter(ink, shift)) for shift in (-0.06, -0.02, 0.02, 0.06)] for ink in palette.inks]
    lengths = random.integers(STEPS // 3, STEPS, count)
    widths = (width * random.uniform(0.6, 1.3, count)).astype(np.float32)
    sides = [side * np.float32(canvas.unit * SHARPNESS) for side in _outlines(paths, lengths, widths)]
    shades = random.integers(4, size=count)
    for stroke, length in enumerate(lengths.tolist()):
        tone = tones[min(max(int(choice[stroke]), 0), last)][shades[stroke]]
        outline = np.concatenate([sides[0][:length, stroke], sides[1][length - 1 :: -1, stroke]])
        pencil.polygon(outline.ravel().tolist(), fill=tone)
        if stroke % 200 == 0:
            canvas.step(0.15)


def _follow(canvas: Canvas, random: Random, current: Field, count: int) -> Field:
    """Let `count` points drift: (steps, count, 2) in design units."""
    place = random.uniform(-0.08, 1.08, (count, 2)) * (canvas.w, canvas.h)
    paths = np.empty((STEPS, count, 2), np.float32)
    for step in range(STEPS):
        paths[step] = place
        angle = current[_cells(canvas, place)]
        place = place + 6.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return paths


def _outlines(paths: Field, lengths: NDArray[np.integer], widths: Field) -> tuple[Field, Field]:
    """Both sides of the strokes along `paths`, each (steps, count, 2): they swell, and run out to a point."""
    along = np.minimum(np.arange(STEPS)[:, None] / (lengths - 1), 1).astype(np.float32)
    half = widths / 2 * np.clip(np.sin(np.float32(np.pi) * along ** np.float32(0.7)), 0, 1) ** np.float32(0.6)
    ahead = np.gradient(paths, axis=0)
    across = np.stack([-ahead[..., 1], ahead[..., 0]], axis=-1)
    across *= (half / (np.hypot(ahead[..., 0], ahead[..., 1]) + np.float32(1e-6)))[..., None]
    return paths + across, paths - across


def _levels(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (int(part * 255) for part in colour)
    return red, green, blue


def _cells(canvas: Canvas, place: NDArray[np.floating]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    scale = 255 / max(canvas.w, canvas.h)
    return np.clip(place[:, 1] * scale, 0, 255).astype(np.intp), np.clip(place[:, 0] * scale, 0, 255).astype(np.intp)
