"""Colours: hex to sRGB, and mixing in OKLab, where the way between two colours never turns muddy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating]
"""Numbers for pixels: float32 in practice, where it counts for speed; the types of numpy can't always tell."""
Colour = NDArray[np.floating]
"""Three sRGB components from 0 to 1."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS = np.linalg.inv(_TO_LMS)
_FROM_LAB = np.linalg.inv(_TO_LAB)


def from_hex(text: str) -> Colour:
    """Read `#rrggbb`."""
    return np.array([int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)], np.float32)


def to_oklab(colours: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn sRGB (…, 3) into OKLab."""
    srgb = np.asarray(colours, np.float64)
    linear = np.where(
        srgb <= 0.04045,  # noqa: PLR2004 (sRGB's own constants, here and below)
        srgb / 12.92,
        ((srgb + 0.055) / 1.055) ** 2.4,
    )
    lab: NDArray[np.float64] = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    return lab


def from_oklab(lab: NDArray[np.floating]) -> Colour:
    """Turn OKLab (…, 3) into sRGB, clipped to what a screen can show."""
    linear = np.clip(((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T, 0, 1)
    srgb = np.where(
        linear <= 0.0031308,  # noqa: PLR2004
        linear * 12.92,
        1.055 * linear ** (1 / 2.4) - 0.055,
    )
    shown: Colour = srgb.astype(np.float32)
    return shown


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Mix two colours; `share` is how much of the other."""
    return from_oklab(to_oklab(one) * (1 - share) + to_oklab(other) * share)


def lighter(colour: Colour, by: float) -> Colour:
    """Change the lightness by `by` (OKLab, -1 to 1)."""
    return from_oklab(to_oklab(colour) + np.array([by, 0.0, 0.0]))


def ramp(colours: Sequence[Colour], length: int = 256) -> Field:
    """Make a smooth gradient through `colours`: (length, 3)."""
    lab = to_oklab(np.stack(colours))
    at = np.linspace(0, len(colours) - 1, length)
    return from_oklab(np.stack([np.interp(at, np.arange(len(colours)), lab[:, i]) for i in range(3)], axis=-1))


def shifted(colour: Colour, hue: float, chroma: float, lightness: float) -> Colour:
    """Turn the hue by `hue` radians, scale the chroma and add to the lightness."""
    light, a, b = to_oklab(colour)
    turned = np.array(
        [light + lightness, (a * np.cos(hue) - b * np.sin(hue)) * chroma, (a * np.sin(hue) + b * np.cos(hue)) * chroma]
    )
    return from_oklab(turned)
