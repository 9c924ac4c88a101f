"""Pictures to PNG bytes that hold the pixels and nothing else."""

import io

from PIL import Image


def clean_png(picture: Image.Image, compress_level: int = 4) -> bytes:
    """Encode as PNG with the chunks IHDR, IDAT and IEND only: no text, profile, time or EXIF."""
    # Pillow writes some of `info` by itself (ICC profile, transparency): a fresh picture has none.
    bare = Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes())
    out = io.BytesIO()
    bare.save(out, "PNG", compress_level=compress_level)
    return out.getvalue()
