"""Liquid colour: noise folded into itself, in glossy layers with veins of light."""

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Field, lighter, mix, ramp
from generation.backends.procedural.noise import Random, cloud, smoothstep
from generation.backends.procedural.palette import Palette


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    size = max(canvas.width, canvas.height)
    scale = float(random.uniform(0.30, 0.5)) * size
    fields = []
    for number in range(3):
        fields.append(cloud(random, size, size, (scale, scale), gain=0.30))
        canvas.step(0.05 + 0.05 * number)
    base, push_x, push_y = fields
    rows, columns = np.arange(canvas.height)[:, None], np.arange(canvas.width)[None, :]
    reach = float(random.uniform(0.34, 0.6)) * size
    fold_x = push_x[: canvas.height, : canvas.width]
    fold_y = push_y[: canvas.height, : canvas.width]
    for fold in range(2):
        at_x = np.clip(columns + (fold_x - 0.5) * reach, 0, size - 1).astype(np.intp)
        at_y = np.clip(rows + (fold_y - 0.5) * reach, 0, size - 1).astype(np.intp)
        fold_x, fold_y = push_y[at_y, at_x], base[at_y, at_x]
        canvas.step(0.25 + 0.1 * fold)
    height = fold_y * np.float32(0.75) + fold_x * np.float32(0.25)
    canvas.step(0.45)
    first, second, third, fourth, fifth = palette.inks
    pale = mix(second, palette.paper, 0.65)
    stops = [first, second, pale, third, first, fifth, fourth, palette.paper, second, first]
    table = ramp(stops, 1024)
    waves = height * np.float32(1.5) - np.float32(0.25)
    index = np.clip(waves * 1023, 0, 1023).astype(np.intp)
    canvas.step(0.55)
    for plane, tones in zip(canvas.planes, table.T, strict=True):
        plane[:] = tones.take(index)
    canvas.step(0.65)
    _paint_gloss(canvas, palette, height)
    canvas.step(0.8)
    _paint_veins(canvas, palette, height, fold_x)
    canvas.step(0.95)


def _paint_gloss(canvas: Canvas, palette: Palette, height: Field) -> None:
    """Light the folds from above left, as if they were thick."""
    ridges = np.sin(height * np.float32(2 * np.pi * 5))
    step = max(1, int(2 * canvas.unit))
    slope = np.zeros_like(height)
    slope[step:, step:] = (ridges[step:, step:] - ridges[:-step, :-step]) * np.float32(2.2)
    slope = np.tanh(slope)
    canvas.shine(np.clip(slope, 0, 1) * np.float32(0.20), palette.light)
    canvas.shade(1 - np.clip(-slope, 0, 1) * np.float32(0.24))


def _paint_veins(canvas: Canvas, palette: Palette, height: Field, other: Field) -> None:
    phase = height * np.float32(9)
    near = np.abs(phase - np.round(phase))
    rise = np.abs(np.gradient(phase, axis=0)) + np.abs(np.gradient(phase, axis=1)) + np.float32(1e-4)
    # Divided by its own slope a contour is equally thin everywhere.
    thin = 1 - smoothstep(0.4, 1.5, (near / rise).astype(np.float32))
    canvas.paint(thin * smoothstep(0.40, 0.75, other) * np.float32(0.75), lighter(palette.light, -0.02))
