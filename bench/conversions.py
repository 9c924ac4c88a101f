"""`conversions`: download's renditions of a master against libvips alone with the same settings."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pyvips

from bench.measuring import Action, Pace, compare
from bench.results import Result
from download import imaging
from generation.backends.port import RenderRequest
from generation.backends.procedural.painting import paint
from shared.contracts import Format

SAMPLES = 5
SIDE_PX = 1024

Plain = Callable[[bytes], object]


def _whole(master: bytes) -> Any:
    return pyvips.Image.pngload_buffer(master, access="sequential")


def _small(master: bytes) -> Any:
    return pyvips.Image.thumbnail_buffer(master, 256, height=imaging.MAX_SIDE_PX, size="down")


PLAIN: dict[str, tuple[imaging.Rendition, Plain]] = {
    "JPEG, full size": (
        imaging.download(Format.JPG),
        lambda master: _whole(master).jpegsave_buffer(Q=88, background=255, keep="none"),
    ),
    "256 px, JPEG": (
        imaging.preview(256, webp=False),
        lambda master: _small(master).jpegsave_buffer(Q=88, background=255, keep="none"),
    ),
    "256 px, WebP": (
        imaging.preview(256, webp=True),
        lambda master: _small(master).webpsave_buffer(Q=85, effort=2, keep="none"),
    ),
    "WebP, full size": (
        imaging.download(Format.WEBP),
        lambda master: _whole(master).webpsave_buffer(Q=85, effort=2, keep="none"),
    ),
    "AVIF, full size": (
        imaging.download(Format.AVIF),
        lambda master: _whole(master).heifsave_buffer(Q=60, effort=1, compression="av1", keep="none"),
    ),
}
"""Each rendition, and the calls of libvips that make a picture of the same size, format and quality.

Both run in this process, so threads (one) and cache (none) of libvips are as `download.imaging` sets them.
"""


async def measure(pace: Pace) -> Result:
    """Every conversion of the same picture, as the procedural back end paints it."""
    pace.say("painting a master")
    request = RenderRequest("mountains at dawn over a quiet lake", 7, SIDE_PX, SIDE_PX)
    master = await asyncio.to_thread(paint, request, lambda _: None)
    return Result(
        [
            await compare(
                f"conversion: {name}",
                _once(partial(imaging.convert, master, rendition)),
                _once(partial(plain, master)),
                pace=pace,
                samples=SAMPLES,
                warm_up=1,
            )
            for name, (rendition, plain) in PLAIN.items()
        ]
    )


def _once(work: Callable[[], object]) -> Action:
    async def do() -> None:
        work()

    return do
