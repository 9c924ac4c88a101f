"""What a file says about itself, read with parsers of each container."""

import io
import struct
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo

from download.imaging import RENDITIONS, Rendition, convert
from shared.contracts import Format

SECRET = b"PLANTED-a-castle-on-a-hill"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
MARKER = {
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType": (
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )
}
every_rendition = pytest.mark.parametrize("rendition", RENDITIONS, ids=lambda it: it.name)


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    noise = [Image.effect_noise((width, height), 40) for _ in range(4)]
    return Image.merge("RGBA", noise).convert(mode)


def png(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(master: bytes, *chunks: bytes) -> bytes:
    return master[:33] + b"".join(chunks) + master[33:]


def opened(body: bytes) -> ImageFile:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def xmp_properties(packet: bytes) -> dict[str, str]:
    """Every property the packet states, whether written as an attribute or as an element."""
    found: dict[str, str] = {}
    for description in ElementTree.fromstring(packet).iter(f"{RDF}Description"):
        found |= {name: value for name, value in description.attrib.items() if name != f"{RDF}about"}
        found |= {element.tag: element.text or "" for element in description}
    return found


def jpg_parts(body: bytes) -> list[str]:
    position, found = 2, []
    while body[position + 1] != 0xDA:
        size = struct.unpack(">H", body[position + 2 : position + 4])[0]
        marker, content = body[position + 1], body[position + 4 : position + 2 + size]
        # Application segments and comments say what they are in their first bytes; tables don't.
        says = content.split(b"\0")[0].decode("latin-1") if marker >= 0xE0 else ""
        found.append(f"{marker:02X} {says}".strip())
        position += 2 + size
    return found


def png_parts(body: bytes) -> list[str]:
    position, found = 8, []
    while position < len(body):
        size, kind = struct.unpack(">I4s", body[position : position + 8])
        found.append(kind.decode())
        position += 12 + size
    return found


def webp_parts(body: bytes) -> list[str]:
    position, found = 12, []
    while position < len(body):
        kind, size = struct.unpack("<4sI", body[position : position + 8])
        found.append(kind.decode())
        position += 8 + size + size % 2
    return found


def boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    while body:
        size, kind = struct.unpack(">I4s", body[:8])
        yield kind, body[8:size]
        body = body[size:]


def avif_parts(body: bytes) -> list[str]:
    """The kinds of a file's items, with the media type of those that have one."""
    meta = dict(boxes(dict(boxes(body))[b"meta"][4:]))
    items = [content for kind, content in boxes(meta[b"iinf"][6:]) if kind == b"infe"]
    return [b" ".join([it[8:12], *it[12:].strip(b"\0").split(b"\0")]).decode().strip() for it in items]


PARTS = {
    Format.JPG: (jpg_parts, {"E0 JFIF", "E1 http://ns.adobe.com/xap/1.0/", "DB", "C0", "C4"}),
    Format.PNG: (png_parts, {"IHDR", "pHYs", "iTXt", "IDAT", "IEND"}),
    Format.WEBP: (webp_parts, {"VP8X", "VP8 ", "XMP "}),
    Format.AVIF: (avif_parts, {"av01 Color", "av01", "mime application/rdf+xml", "mime XMP application/rdf+xml"}),
}
ONCE = {Format.JPG: "E1 ", Format.PNG: "iTXt", Format.WEBP: "XMP ", Format.AVIF: "mime"}


@pytest.fixture(scope="module")
def master() -> bytes:
    return png(picture(1200, 800))


@pytest.fixture(scope="module")
def talkative_master() -> bytes:
    """A master with a secret in every place that a PNG has for one."""
    info = PngInfo()
    info.add_text("parameters", SECRET.decode())
    info.add_text("Software", SECRET.decode(), zip=True)
    info.add_itxt("Description", SECRET.decode(), "en", SECRET.decode())
    info.add_itxt("XML:com.adobe.xmp", f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{SECRET.decode()}</x:xmpmeta>')
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()  # ImageDescription
    exif[0x0112] = 6  # Orientation: turned by 90 degrees
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    body = png(picture(1200, 800), pnginfo=info, exif=exif, icc_profile=profile, dpi=(1234, 4321))
    private = [chunk(b"tIME", b"\x07\xea\x0b\x19\x08\x1e\x00"), chunk(b"prVt", SECRET), chunk(b"bKGD", bytes(6))]
    return with_chunks(body, *private) + SECRET


@every_rendition
def test_file_states_the_provenance_and_nothing_else(talkative_master: bytes, rendition: Rendition) -> None:
    body = convert(talkative_master, rendition)
    assert xmp_properties(opened(body).info["xmp"]) == MARKER
    parts, allowed = PARTS[rendition.format]
    assert set(parts(body)) <= allowed
    assert sum(part.startswith(ONCE[rendition.format]) for part in parts(body)) == 1


@every_rendition
def test_nothing_planted_in_the_master_reaches_the_file(
    talkative_master: bytes, master: bytes, rendition: Rendition
) -> None:
    body = convert(talkative_master, rendition)
    image = opened(body)
    assert SECRET not in body
    assert not image.getexif()
    assert "icc_profile" not in image.info
    # Resolution is a number that somebody could choose, too.
    assert image.info.get("dpi") == opened(convert(master, rendition)).info.get("dpi")
    # The claimed orientation is dropped, not obeyed: every size of an image lies the same way.
    assert image.width > image.height
