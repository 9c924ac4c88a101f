import io
import resource
import struct
import zlib
from contextlib import suppress

import pytest
import pyvips
from PIL import Image, ImageCms
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngInfo

from download.imaging import RENDITIONS, Rendition, UnreadableMaster, convert, download, preview
from shared.contracts import Format

PIL_NAMES = {Format.JPG: "JPEG", Format.PNG: "PNG", Format.WEBP: "WEBP", Format.AVIF: "AVIF"}

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


@pytest.fixture(scope="module")
def master() -> bytes:
    return png(picture(1200, 800))


def test_renditions_have_stable_names_and_media_types() -> None:
    assert {it.name: it.media_type for it in RENDITIONS} == {
        "preview-256.jpg": "image/jpeg",
        "preview-512.jpg": "image/jpeg",
        "preview-1024.jpg": "image/jpeg",
        "preview-256.webp": "image/webp",
        "preview-512.webp": "image/webp",
        "download.jpg": "image/jpeg",
        "download.png": "image/png",
        "download.webp": "image/webp",
        "download.avif": "image/avif",
    }


@pytest.mark.parametrize(
    ("width", "webp", "name"),
    [
        (256, True, "preview-256.webp"),
        (512, False, "preview-512.jpg"),
        (1024, True, "preview-1024.jpg"),
    ],
)
def test_preview_is_webp_where_accepted_but_the_widest_is_jpeg(width: int, webp: bool, name: str) -> None:
    assert preview(width, webp=webp).name == name


def test_preview_of_another_width_does_not_exist() -> None:
    with pytest.raises(KeyError):
        preview(300, webp=True)


@every_rendition
def test_rendition_has_its_format_and_size(master: bytes, rendition: Rendition) -> None:
    image = opened(convert(master, rendition))
    width = rendition.width or 1200
    assert image.format == PIL_NAMES[rendition.format]
    assert image.get_format_mimetype() == rendition.media_type
    assert image.width == width
    assert abs(image.height - width * 2 / 3) <= 1


@every_rendition
def test_small_master_is_never_enlarged(rendition: Rendition) -> None:
    assert opened(convert(png(picture(60, 90)), rendition)).size == (60, 90)


def test_tall_master_is_bounded_by_width_only() -> None:
    assert opened(convert(png(picture(512, 2048)), preview(256, webp=True))).size == (256, 1024)


@every_rendition
def test_same_pixels_give_same_bytes_whatever_else_the_master_says(rendition: Rendition) -> None:
    image = picture(300, 200)
    info = PngInfo()
    info.add_text("parameters", "a castle on a hill")
    first = convert(png(image), rendition)
    assert first == convert(png(image), rendition)
    assert first == convert(png(image, pnginfo=info, compress_level=1, dpi=(300, 300)), rendition)


def test_png_keeps_every_pixel(master: bytes) -> None:
    assert opened(convert(master, download(Format.PNG))).tobytes() == opened(master).tobytes()


@pytest.mark.parametrize("wanted", list(Format))
def test_colours_stay_close(wanted: Format) -> None:
    image = Image.new("RGB", (64, 64), (200, 60, 30))
    pixel = opened(convert(png(image), download(wanted))).convert("RGB").getpixel((32, 32))
    assert isinstance(pixel, tuple)
    assert all(abs(a - b) <= 6 for a, b in zip(pixel, (200, 60, 30), strict=True))


@pytest.mark.parametrize("mode", ["RGBA", "L", "LA", "P", "1", "I;16"])
@pytest.mark.parametrize("wanted", list(Format))
def test_every_kind_of_png_is_read(mode: str, wanted: Format) -> None:
    image = Image.new("I;16", (50, 40), 1000) if mode == "I;16" else picture(50, 40, mode)
    assert opened(convert(png(image), download(wanted))).size == (50, 40)


def test_picture_with_a_wide_profile_is_turned_into_srgb() -> None:
    wide = bytes(pyvips.Image.profile_load("p3"))
    image = Image.new("RGB", (32, 32), (200, 100, 50))
    expected = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(io.BytesIO(wide)), ImageCms.createProfile("sRGB")
    )
    assert expected is not None
    pixel = opened(convert(png(image, icc_profile=wide), download(Format.PNG))).getpixel((5, 5))
    wanted = expected.getpixel((5, 5))
    assert isinstance(pixel, tuple)
    assert isinstance(wanted, tuple)
    assert wanted[0] > 205  # The profile matters.
    assert all(abs(a - b) <= 2 for a, b in zip(pixel, wanted, strict=True))


def encoded(kind: str) -> bytes:
    file = io.BytesIO()
    picture(40, 40).save(file, kind)
    return file.getvalue()


def claims(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


WHOLE = png(picture(200, 200))
FLIPPED = WHOLE[: len(WHOLE) // 2] + bytes([WHOLE[len(WHOLE) // 2] ^ 0xFF]) + WHOLE[len(WHOLE) // 2 + 1 :]
BAD = {
    "nothing": b"",
    "text": b"not a picture at all, but long enough to be one",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>hello</text></svg>',
    "jpeg": encoded("JPEG"),
    "webp": encoded("WEBP"),
    "gif": encoded("GIF"),
    "signature": WHOLE[:8],
    "header only": WHOLE[:33],
    "cut off": WHOLE[: len(WHOLE) // 2],
    "flipped bits": FLIPPED,
    "claims many pixels": claims(60_000, 60_000),
    "a pixel too wide": png(Image.new("L", (4097, 1))),
    "a pixel too tall": png(Image.new("L", (1, 4097))),
    "no pixels": claims(0, 10),
    "too little data": claims(300, 300),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("rendition", [preview(256, webp=True), download(Format.PNG)], ids=lambda it: it.name)
def test_other_than_a_whole_bounded_png_is_refused(what: str, rendition: Rendition) -> None:
    with pytest.raises(UnreadableMaster) as caught:
        convert(BAD[what], rendition)
    assert caught.value.__cause__ is None


def test_largest_master_is_taken() -> None:
    assert opened(convert(png(Image.new("L", (4096, 4096))), preview(256, webp=False))).size == (256, 256)


def test_text_that_unpacks_to_gigabytes_takes_little_memory() -> None:
    bomb = with_chunks(WHOLE, *[chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9))] * 8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(UnreadableMaster):
        convert(bomb, preview(256, webp=False))
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 200


def test_libvips_keeps_no_pictures_and_starts_no_threads_of_its_own() -> None:
    assert pyvips.cache_get_max() == 0
    assert pyvips.concurrency_get() == 1
