"""Plain shapes in the manner of the Bauhaus: a grid of quarter circles, or a poise of discs, bars and arcs."""

import numpy as np

from generation.backends.procedural.canvas import Canvas, Stencil
from generation.backends.procedural.colour import Colour, mix
from generation.backends.procedural.noise import Random, chance, cloud
from generation.backends.procedural.palette import Palette

Square = tuple[float, float, float]
"""Left, top and side, in design units."""


def paint(canvas: Canvas, palette: Palette, random: Random) -> None:
    """Paint the scene."""
    canvas.fill(palette.paper)
    canvas.step(0.05)
    if chance(random, 0.55):
        _paint_grid(canvas, palette, random)
    else:
        _paint_poise(canvas, palette, random)
    _paint_paper(canvas, random)
    canvas.step(0.95)


def _paint_grid(canvas: Canvas, palette: Palette, random: Random) -> None:
    across = int(random.integers(4, 7))
    side = canvas.w / across
    down = int(np.ceil(canvas.h / side))
    colours = [palette.paper, *palette.inks]
    # Grounds, then figures, then details, each with one stencil a colour: three coats, however many the tiles.
    coats: list[list[tuple[int, int, Square, int]]] = [[], [], []]
    for row in range(down):
        for column in range(across):
            square = (column * side, row * side, side)
            ground, figure, detail = (int(i) for i in random.choice(len(colours), 3, replace=False))
            kind = int(random.integers(8))
            coats[0].append((ground, -1, square, 0))
            coats[1].append((figure, kind, square, int(random.integers(4))))
            coats[2].append((detail, 10 + kind, square, int(random.integers(4))))
    for number, coat in enumerate(coats):
        layers = [Stencil(canvas) for _ in colours]
        for ink, kind, square, turn in coat:
            _draw_tile(layers[ink], kind, square, turn)
        for colour, stencil in zip(colours, layers, strict=True):
            canvas.paint(stencil.mask(), colour)
            canvas.step(0.05 + 0.25 * (number + 0.5))


def _draw_tile(stencil: Stencil, kind: int, square: Square, turn: int) -> None:
    left, top, side = square
    corner_x, corner_y = left + side * (turn % 2), top + side * (turn // 2)
    far_x, far_y = left + side * (1 - turn % 2), top + side * (1 - turn // 2)
    middle_x, middle_y, half = left + side / 2, top + side / 2, side / 2
    if kind < 0:
        stencil.box(left, top, left + side + 1, top + side + 1)
    elif kind in {0, 1, 2}:
        stencil.polygon(_sector(corner_x, corner_y, side, _quarter(turn)))
    elif kind == 3:  # noqa: PLR2004
        stencil.ellipse(middle_x - half, middle_y - half, middle_x + half, middle_y + half)
    elif kind == 4:  # noqa: PLR2004
        stencil.polygon([(corner_x, corner_y), (far_x, corner_y), (corner_x, far_y)])
    elif kind == 5:  # noqa: PLR2004
        for bar in range(4):
            stencil.box(left, top + side * bar / 4, left + side, top + side * (bar + 0.5) / 4)
    elif kind in {6, 7}:
        stencil.polygon(
            _sector(middle_x, top + side * (turn % 2), half, (0, np.pi) if turn % 2 == 0 else (np.pi, 2 * np.pi))
        )
        stencil.polygon(_sector(middle_x, middle_y, half, (0, np.pi) if turn % 2 == 0 else (np.pi, 2 * np.pi)))
    elif kind in {10, 11}:
        stencil.polygon(_sector(corner_x, corner_y, side * 0.5, _quarter(turn)))
    elif kind in {13, 14}:
        size = half * 0.42
        stencil.ellipse(middle_x - size, middle_y - size, middle_x + size, middle_y + size)


def _quarter(turn: int) -> tuple[float, float]:
    start = {0: 0.0, 1: np.pi / 2, 2: -np.pi / 2, 3: np.pi}[turn]
    return start, start + np.pi / 2


def _sector(x: float, y: float, radius: float, angles: tuple[float, float]) -> list[tuple[float, float]]:
    around = np.linspace(*angles, 48)
    return [(x, y), *((x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in around)]


def _paint_poise(canvas: Canvas, palette: Palette, random: Random) -> None:
    inks = palette.inks
    small = min(canvas.w, canvas.h)
    x, y = canvas.w * float(random.choice([0.38, 0.62])), canvas.h * float(random.uniform(0.36, 0.5))
    radius = small * float(random.uniform(0.24, 0.31))
    angle = float(random.uniform(-0.9, -0.3)) * float(random.choice([-1, 1]))
    _bar(canvas, inks[0], (canvas.w / 2, canvas.h * 0.62), (small * 1.5, small * 0.075), angle)
    canvas.step(0.2)
    canvas.paint(canvas.disc(canvas.distance(x, y), radius), inks[1])
    half = Stencil(canvas)
    half.polygon(_sector(x, y, radius, (angle, angle + np.pi)))
    canvas.paint(half.mask(), mix(inks[1], inks[4], 0.55))
    canvas.step(0.35)
    other = (canvas.w - x + small * 0.04, canvas.h * float(random.uniform(0.62, 0.74)))
    for ring in range(5):
        band = radius * (0.78 - ring * 0.15)
        canvas.paint(canvas.disc(canvas.distance(*other), band), inks[2] if ring % 2 == 0 else palette.paper)
        canvas.step(0.4 + 0.05 * ring)
    triangle = Stencil(canvas)
    tip_x, tip_y, size = canvas.w * float(random.uniform(0.2, 0.8)), canvas.h * 0.86, small * 0.2
    triangle.polygon([(tip_x - size, tip_y), (tip_x + size, tip_y), (tip_x + size * 0.2, tip_y - size * 1.5)])
    canvas.paint(triangle.mask() * np.float32(0.92), inks[3])
    for number in range(4):
        shift = small * 0.055 * number
        at = (canvas.w * 0.5 + shift * float(np.sin(angle)) * 1.8, canvas.h * 0.2 + shift)
        _bar(canvas, inks[4], at, (small * (0.62 - 0.1 * number), 5.0), angle + np.pi / 2)
    canvas.paint(canvas.disc(canvas.distance(canvas.w * 0.84, canvas.h * 0.15), small * 0.05), inks[3])
    canvas.step(0.8)


def _bar(canvas: Canvas, ink: Colour, at: tuple[float, float], size: tuple[float, float], angle: float) -> None:
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    corners = [(sx * size[0] / 2, sy * size[1] / 2) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    stencil = Stencil(canvas)
    stencil.polygon([(at[0] + u * cos - v * sin, at[1] + u * sin + v * cos) for u, v in corners])
    canvas.paint(stencil.mask(), ink)


def _paint_paper(canvas: Canvas, random: Random) -> None:
    fibre = cloud(random, canvas.width, canvas.height, (14 * canvas.unit, 5 * canvas.unit), gain=0.8)
    worn = cloud(random, canvas.width, canvas.height, (300 * canvas.unit, 300 * canvas.unit))
    canvas.shade(np.float32(0.955) + fibre * np.float32(0.05) + worn * np.float32(0.035))
