"""Still water: what stands above it, upside down, broken by ripples that grow towards the viewer."""

import numpy as np

from generation.backends.procedural.canvas import Canvas
from generation.backends.procedural.colour import Colour
from generation.backends.procedural.noise import Random, cloud


def mirror(canvas: Canvas, random: Random, shore: float, tint: Colour, strength: float) -> None:
    """Fill everything below `shore` with what is above, upside down; to the bottom it takes on the tint."""
    first = canvas.row(shore)
    rows = canvas.height - first
    near = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    ripples = cloud(random, canvas.width, rows, (220 * canvas.unit, 9 * canvas.unit), gain=0.6) - np.float32(0.5)
    down = np.arange(rows, dtype=np.float32)[:, None] * np.float32(1.12)
    source = first - 1 - down - ripples * (6 + near * 60) * np.float32(canvas.unit)
    source_rows = np.clip(source, 0, first - 1).astype(np.intp)
    columns = np.arange(canvas.width)[None, :]
    share = np.float32(0.16) + near * np.float32(strength)
    light = np.clip(1 + ripples * np.float32(0.16) * (near + np.float32(0.2)), 0.8, 1.2)
    for plane, tone in zip(canvas.planes, tint, strict=True):
        image = plane[source_rows, columns]
        plane[first:] = (image + (tone - image) * share) * light
    bank = np.exp(-np.abs(canvas.ys - np.float32(shore)) / np.float32(2.2)) * np.float32(0.35)
    canvas.shine(
        np.broadcast_to(bank, (canvas.height, canvas.width)).astype(np.float32),
        canvas.planes[:, first - 1].mean(axis=-1),
    )
