"""Renditions of a master: pixels through libvips, all metadata left behind, the provenance marker put in.

Pure and synchronous; `download.conversions` runs it off the event loop. Metadata can't slip through: only
decoded pixels are carried over into a fresh picture, and nothing but our own XMP packet is ever added to that.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyvips

from shared.contracts import Format

MAX_SIDE_PX = 4096

# Process-wide. Callers parallelise by pictures, so threads inside one conversion would only compete (and AVIF's
# bytes would depend on their number); a cache of operations would keep private pixels alive after the answer.
pyvips.concurrency_set(1)
pyvips.cache_set_max(0)

_PNG_BEGINNING = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"
_HEADER = struct.Struct(">16sII")  # what every PNG begins with, width, height

PROVENANCE_XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    "<Iptc4xmpExt:DigitalSourceType>"
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    "</Iptc4xmpExt:DigitalSourceType>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="r"?>'
).encode()

_MEDIA_TYPES = {
    Format.JPG: "image/jpeg",
    Format.PNG: "image/png",
    Format.WEBP: "image/webp",
    Format.AVIF: "image/avif",
}


class UnreadableMaster(ValueError):  # noqa: N818 - says what it is
    """The bytes aren't a whole PNG of at most `MAX_SIDE_PX` a side; trying again gives the same."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One way in which a picture is sent: a format, at most `width` pixels wide (None: full size)."""

    format: Format
    width: int | None = None

    @property
    def media_type(self) -> str:
        """The `Content-Type` of its bytes."""
        return _MEDIA_TYPES[self.format]

    @property
    def extension(self) -> str:
        """The end of a file's name, without the dot."""
        return self.format.value

    @property
    def name(self) -> str:
        """Its stable name, fit for an object key: `preview-256.webp`, `download.avif`."""
        kind = "download" if self.width is None else f"preview-{self.width}"
        return f"{kind}.{self.extension}"


PREVIEW_WIDTHS = (256, 512, 1024)

_WIDEST_WEBP = 512
_DOWNLOADS = {wanted: Rendition(wanted) for wanted in Format}
_JPG_PREVIEWS = {width: Rendition(Format.JPG, width) for width in PREVIEW_WIDTHS}
_WEBP_PREVIEWS = {width: Rendition(Format.WEBP, width) for width in PREVIEW_WIDTHS if width <= _WIDEST_WEBP}

RENDITIONS = (*_JPG_PREVIEWS.values(), *_WEBP_PREVIEWS.values(), *_DOWNLOADS.values())
"""Every rendition that is ever made."""


def preview(width: int, *, webp: bool) -> Rendition:
    """Give the preview of one of `PREVIEW_WIDTHS`: WebP if the client takes it, but the widest in JPEG only.

    Raises:
        KeyError: there is no preview of that width.
    """
    jpg = _JPG_PREVIEWS[width]
    return _WEBP_PREVIEWS.get(width, jpg) if webp else jpg


def download(wanted: Format) -> Rendition:
    """Give the full-size rendition in a format."""
    return _DOWNLOADS[wanted]


def convert(master: bytes, rendition: Rendition) -> bytes:
    """Make `rendition` of a PNG: the same bytes for the same input, never larger in pixels than the master.

    Raises:
        UnreadableMaster: `master` isn't a PNG that can be decoded whole, or has too many pixels.
        pyvips.Error: the encoder failed, as when memory is short.
    """
    picture = _decode(master, rendition.width)
    picture.set_type(pyvips.GValue.blob_type, "xmp-data", PROVENANCE_XMP)
    return bytes(_ENCODERS[rendition.format](picture))


def _decode(master: bytes, width: int | None) -> Any:
    """Give an 8-bit sRGB picture that holds pixels only: no profile, resolution, text or other field."""
    _refuse_foreign_or_huge(master)
    try:
        image = pyvips.Image.pngload_buffer(master, access="sequential", fail_on="error")
        if image.get_typeof("icc-profile-data"):
            image = image.icc_transform("srgb", embedded=True)
        image = image.colourspace("srgb").cast("uchar")
        if width is not None:
            # Only the width bounds; an orientation that the master claims is metadata and stays behind.
            image = image.thumbnail_image(width, height=MAX_SIDE_PX, size="down", no_rotate=True)
        pixels = image.write_to_memory()
    except pyvips.Error:
        # Its message may quote text from inside the file.
        raise UnreadableMaster("The master can't be decoded.") from None
    bare = pyvips.Image.new_from_memory(pixels, image.width, image.height, image.bands, "uchar")
    return bare.copy(interpretation="srgb")


def _refuse_foreign_or_huge(master: bytes) -> None:
    # Read before the decoder sees anything: a few kilobytes of PNG can claim gigabytes of pixels.
    if len(master) < _HEADER.size:
        raise UnreadableMaster("The master isn't a PNG.")
    beginning, width, height = _HEADER.unpack_from(master)
    if beginning != _PNG_BEGINNING:
        raise UnreadableMaster("The master isn't a PNG.")
    if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX):
        raise UnreadableMaster("The master has too many pixels, or none.")


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


_PNG_HEADER_SIZE = 33  # the signature and IHDR
# libvips 8.18 writes XMP into a compressed zTXt, where readers don't look: XMP's part 3 wants a plain iTXt.
_PNG_XMP_CHUNK = _png_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + PROVENANCE_XMP)


def _jpg(picture: Any) -> Any:
    return picture.jpegsave_buffer(Q=88, background=255, keep="xmp")


def _png(picture: Any) -> Any:
    # Levels above 2 cost time and gain nothing on these pictures; one fixed filter halves the time of trying all.
    body = picture.pngsave_buffer(compression=2, filter="sub", keep="none")
    return body[:_PNG_HEADER_SIZE] + _PNG_XMP_CHUNK + body[_PNG_HEADER_SIZE:]


def _webp(picture: Any) -> Any:
    return picture.webpsave_buffer(Q=85, effort=2, keep="xmp")


def _avif(picture: Any) -> Any:
    # Effort 2 takes four times as long as 1 for a file no smaller.
    return picture.heifsave_buffer(Q=60, effort=1, compression="av1", keep="xmp")


_ENCODERS: Mapping[Format, Callable[[Any], Any]] = {
    Format.JPG: _jpg,
    Format.PNG: _png,
    Format.WEBP: _webp,
    Format.AVIF: _avif,
}
