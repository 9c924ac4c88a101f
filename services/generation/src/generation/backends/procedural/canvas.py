"""What the scenes paint on: three float planes in sRGB, soft-edged masks, and a report between the steps."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from generation.backends.procedural.colour import Colour, Field

SHARPNESS = 3
"""Stencils are drawn this many times larger and reduced, which makes their edges smooth."""

Point = tuple[float, float]


def reduced(picture: Image.Image, factor: int) -> NDArray[np.float32]:
    """Average squares of `factor` × `factor` pixels; levels from 0 to 255."""
    # In bands: Pillow keeps the interpreter while it reduces, and the event loop must not wait for a whole picture.
    band = 128 * factor
    parts = [
        np.asarray(picture.reduce(factor, (0, top, picture.width, min(top + band, picture.height))), dtype=np.float32)
        for top in range(0, picture.height, band)
    ]
    return np.concatenate(parts)


class Stencil:
    """Shapes drawn with smooth edges in design units; its mask says how much of each pixel they cover."""

    def __init__(self, canvas: "Canvas", top: float = 0.0) -> None:
        self._first_row = canvas.row(top)
        self._scale = canvas.unit * SHARPNESS
        size = (canvas.width * SHARPNESS, (canvas.height - self._first_row) * SHARPNESS)
        self._picture = Image.new("L", size, 0)
        self._draw = ImageDraw.Draw(self._picture)

    def polygon(self, points: Sequence[Point], fill: int = 255) -> None:
        """Fill a polygon."""
        self._draw.polygon([self._place(point) for point in points], fill)

    def ellipse(self, left: float, top: float, right: float, bottom: float, fill: int = 255) -> None:
        """Fill an ellipse."""
        self._draw.ellipse([*self._place((left, top)), *self._place((right, bottom))], fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: int = 255) -> None:
        """Fill a rectangle."""
        (x0, y0), (x1, y1) = self._place((left, top)), self._place((right, bottom))
        if x1 - x0 >= 1 and y1 - y0 >= 1:
            self._draw.rectangle([x0, y0, x1 - 1, y1 - 1], fill)

    def stroke(self, points: Sequence[Point], width: float, fill: int = 255) -> None:
        """Draw a line through `points`."""
        self._draw.line([self._place(point) for point in points], fill, max(1, round(width * self._scale)), "curve")

    def mask(self) -> Field:
        """How much each pixel is covered, 0 to 1, from the stencil's first row to the bottom."""
        return reduced(self._picture, SHARPNESS) * np.float32(1 / 255)

    def _place(self, point: Point) -> Point:
        return point[0] * self._scale, point[1] * self._scale - self._first_row * SHARPNESS


class Canvas:
    """A picture in the making. Scenes think in design units: the long side is 1024, whatever its pixels."""

    def __init__(self, width: int, height: int, report: Callable[[float], None]) -> None:
        self.width, self.height = width, height
        self.unit = max(width, height) / 1024
        """Pixels to a design unit."""
        self.w, self.h = width / self.unit, height / self.unit
        self.planes: Field = np.zeros((3, height, width), np.float32)
        self.xs: Field = ((np.arange(width, dtype=np.float32) + 0.5) / np.float32(self.unit))[None, :]
        self.ys: Field = ((np.arange(height, dtype=np.float32) + 0.5) / np.float32(self.unit))[:, None]
        self.step = report
        """Scenes call it with the part done (0 to 1) every 100 ms or so; it may raise to stop them."""

    def row(self, y: float) -> int:
        """The pixel row of design height `y`, within the picture."""
        return min(max(int(y * self.unit), 0), self.height - 1)

    def fill(self, colour: Colour) -> None:
        """Cover everything."""
        self.planes[:] = colour[:, None, None]

    def fill_rows(self, colours: Field, top: float = 0.0) -> None:
        """Give each row from `top` on its colour: (rows, 3)."""
        first = self.row(top)
        self.planes[:, first:] = colours.T[:, : self.height - first, None]

    def paint(self, mask: Field, colour: Colour | Field, top: float = 0.0) -> None:
        """Lay a colour, or (3, rows, columns) of them, over the rows from `top` on, as far as the mask covers."""
        first = self.row(top)
        for plane, tone in zip(self.planes, colour, strict=True):
            rows = plane[first : first + mask.shape[0]]
            rows += (tone - rows) * mask

    def shine(self, light: Field, colour: Colour, top: float = 0.0) -> None:
        """Add light as a projector would (it never burns out)."""
        first = self.row(top)
        for plane, tone in zip(self.planes, colour, strict=True):
            rows = plane[first : first + light.shape[0]]
            rows += (1 - rows) * (light * tone)

    def shade(self, factor: Field, top: float = 0.0) -> None:
        """Multiply the rows from `top` on."""
        first = self.row(top)
        self.planes[:, first : first + factor.shape[0]] *= factor

    def below(self, edge: Field, top: float) -> Field:
        """Mask, from `top` on, of what lies below a line given for each column in design units."""
        ys = self.ys[self.row(top) :]
        return np.clip((ys - edge[None, :]) * np.float32(self.unit) + 0.5, 0, 1)

    def distance(self, x: float, y: float) -> Field:
        """Distance of every pixel from a point, in design units."""
        distance: Field = np.sqrt((self.xs - np.float32(x)) ** 2 + (self.ys - np.float32(y)) ** 2)
        return distance

    def disc(self, distance: Field, radius: float, softness: float = 1.0) -> Field:
        """Mask of a disc, from `distance`; its edge is `softness` pixels wide."""
        mask: Field = np.clip((np.float32(radius) - distance) * np.float32(self.unit / softness) + 0.5, 0, 1)
        return mask

    def load(self, levels: Field) -> None:
        """Go on from a picture: (rows, columns, 3), from 0 to 255."""
        self.planes[:] = levels.transpose(2, 0, 1) * np.float32(1 / 255)

    def picture(self) -> Image.Image:
        """The finished pixels."""
        levels = np.clip(self.planes * 255 + 0.5, 0, 255).astype(np.uint8)
        return Image.fromarray(np.ascontiguousarray(levels.transpose(1, 2, 0)))
