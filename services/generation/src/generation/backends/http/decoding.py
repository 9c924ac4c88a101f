"""Turns bytes that a stranger calls a picture into a clean PNG of the size asked for, or refuses them."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from generation.backends.http.failures import unusable
from generation.backends.png import clean_png

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_PIXELS = 4096 * 4096


def decode(encoded: bytes, width: int, height: int) -> bytes:
    """Decode, cut to the ratio of width and height around the middle, scale, and encode anew without metadata.

    Raises `RenderFailed` when the bytes are no picture, are broken, or would unpack to more than `MAX_PIXELS`.
    """
    try:
        # Only three formats: each decoder is code that a provider could attack.
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as picture:
            # The header tells the size; nothing is unpacked before this check.
            if picture.width * picture.height > MAX_PIXELS:
                raise unusable()
            upright = ImageOps.exif_transpose(picture)
            fitted = ImageOps.fit(_opaque(upright), (width, height), Image.Resampling.LANCZOS)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError):
        raise unusable() from None
    return clean_png(fitted)


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(white, layered).convert("RGB")
