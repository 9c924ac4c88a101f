"""Random fields and lines that look like nature: smooth noise summed over octaves."""

import numpy as np
from PIL import Image

from generation.backends.procedural.colour import Field

Random = np.random.Generator


def chance(random: Random, share: float) -> bool:
    """Be true in this share of all cases."""
    return float(random.random()) < share


def resized(field: Field, width: int, height: int) -> Field:
    """Resample a field smoothly."""
    picture = Image.fromarray(field)
    return np.array(picture.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


def smoothstep(low: float, high: float, value: Field) -> Field:
    """Rise smoothly from 0 at `low` to 1 at `high`."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    risen: Field = t * t * (3 - 2 * t)
    return risen


def cloud(random: Random, width: int, height: int, cell: tuple[float, float], gain: float = 0.5) -> Field:
    """Fractal noise from 0 to 1 (mean about 0.5). `cell` is the size of its largest features, in pixels (x, y)."""
    columns, rows = max(2, round(width / cell[0]) + 1), max(2, round(height / cell[1]) + 1)
    total = random.standard_normal((rows, columns), dtype=np.float32)
    weight = np.float32(1.0)
    # Each octave doubles the grid, so all of them together cost little more than the finest.
    while columns * 3 <= width and rows * 3 <= height:
        columns, rows, weight = columns * 2, rows * 2, weight * np.float32(gain)
        total = resized(total, columns, rows)
        total += weight * random.standard_normal((rows, columns), dtype=np.float32)
    return normalised(resized(total, width, height))


def normalised(field: Field) -> Field:
    """Bring a field to 0.5 ± 0.5 at about two standard deviations, and clip the rest."""
    sample = field[::8, ::8]
    result: Field = np.clip((field - sample.mean()) / (4 * sample.std() + 1e-6) + 0.5, 0, 1).astype(np.float32)
    return result


def line(random: Random, length: int, cell: float, octaves: int = 5, gain: float = 0.5) -> Field:
    """Fractal noise along one axis, about -1 to 1. `cell` is the size of its largest features, in pixels."""
    total = np.zeros(length, np.float32)
    at = np.arange(length, dtype=np.float64)
    for octave in range(octaves):
        size = cell / 2**octave
        knots = random.uniform(-1, 1, int(length / size) + 3)
        place = at / size + random.uniform(0, 1)
        index = place.astype(int)
        t = place - index
        t = t * t * (3 - 2 * t)
        total += ((knots[index] * (1 - t) + knots[index + 1] * t) * gain**octave).astype(np.float32)
    return total


def crest(random: Random, length: int, cell: float, octaves: int = 6, gain: float = 0.5) -> Field:
    """Sharp peaks and soft valleys along one axis, about 0 to 1."""
    total = np.zeros(length, np.float32)
    for octave in range(octaves):
        smooth = line(random, length, cell / 2**octave, octaves=1)
        total += (1 - np.abs(smooth) * 1.6) * np.float32(gain**octave)
    low, high = total.min(), total.max()
    result: Field = ((total - low) / (high - low + 1e-6)).astype(np.float32)
    return result
