from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image, ImageDraw
from PIL.TiffImagePlugin import IFDRational

from mediawright import InvalidInput
from operators.media.image_hash.handler import distance
from tests.operators.media.conftest import Run, pixel

OPERATIONS = ["ImageInfo", "ImageThumbnail", "ImageHash"]


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def scene(width: int = 400, height: int = 300) -> Image.Image:
    """Three quarters blue, a quarter red, and a white disc in the blue."""
    image = Image.new("RGB", (width, height), "#0000ff")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 4, height), fill="#ff0000")
    draw.ellipse((width // 2, height // 4, width * 3 // 4, height * 3 // 4), fill="#ffffff")
    return image


def opened(run: Run) -> Image.Image:
    return Image.open(io.BytesIO(run.made("Thumbnail")))


def close(one: Any, other: Any) -> bool:
    return all(abs(a - b) <= 12 for a, b in zip(one, other, strict=True))


def test_mediainfo_of_an_image(run: Run) -> None:
    run.add("Image", encoded(scene(), "PNG"))

    run.operate("MediainfoImage")

    image = run.documents["MediainfoImage"]["tracks"][1]
    assert (image["track_type"], image["width"], image["height"]) == ("Image", 400, 300)


def test_image_info_tells_size_and_main_colours_by_share(run: Run) -> None:
    run.add("Image", encoded(scene(), "PNG"))

    run.operate("ImageInfo", Colours=3)

    found = run.documents["ImageInfo"]
    assert (found["Format"], found["ContentType"], found["Width"], found["Height"]) == ("PNG", "image/png", 400, 300)
    red, blue = (
        next(c for c in found["DominantColours"] if close(c["Rgb"], rgb)) for rgb in ((255, 0, 0), (0, 0, 255))
    )
    assert red["Share"] == pytest.approx(0.25, abs=0.02)
    assert blue["Share"] == pytest.approx(0.65, abs=0.02)
    assert sum(colour["Share"] for colour in found["DominantColours"]) == pytest.approx(1, abs=0.001)


def camera_picture() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker\0\0", 6
    exif.get_ifd(0x8769).update({0x829A: IFDRational(1, 250), 0x9204: IFDRational(1, 0), 0x927C: b"\x00\x01\x02"})
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 54.0), 3: "E", 4: (151.0, 12.0, 36.0)})
    return encoded(scene(), "JPEG", exif=exif, quality=95)


def test_image_info_reads_what_the_camera_noted(run: Run) -> None:
    run.add("Image", camera_picture())

    run.operate("ImageInfo")

    found = run.documents["ImageInfo"]
    assert found["Exif"] == {"Make": "Maker", "Orientation": 6, "ExposureTime": 0.004}
    assert (found["Width"], found["DisplayWidth"], found["DisplayHeight"]) == (400, 300, 400)
    assert "Location" not in found


def test_the_place_is_told_on_request_only(run: Run) -> None:
    run.add("Image", camera_picture())

    run.operate("ImageInfo", Location=True)

    assert run.documents["ImageInfo"]["Location"] == {"Latitude": -33.865, "Longitude": 151.21}


def test_a_transparent_picture_has_no_main_colour(run: Run) -> None:
    run.add("Image", encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG"))

    run.operate("ImageInfo")

    assert run.documents["ImageInfo"]["DominantColours"] == []
    assert run.documents["ImageInfo"]["HasAlpha"] is True


def test_thumbnail_fits_into_the_box_upright_and_tells_nothing_of_the_camera(run: Run) -> None:
    run.add("Image", camera_picture())

    output = run.operate("ImageThumbnail", Width=100, Height=100)

    made = opened(run)
    assert (made.format, made.size) == ("JPEG", (75, 100))
    assert dict(made.getexif()) == {}
    # orientation 6: the left edge of the file is the upper edge of the picture
    assert close(pixel(made, 37, 5), (255, 0, 0))
    assert output["MetaData"]["ImageThumbnail"] == {"Width": 75, "Height": 100, "Format": "JPEG"}


def test_thumbnail_is_never_larger_than_the_picture(run: Run) -> None:
    run.add("Image", encoded(scene(40, 30), "PNG"))

    run.operate("ImageThumbnail")

    assert opened(run).size == (40, 30)


@pytest.mark.parametrize(("kind", "mode"), [("PNG", "RGBA"), ("WEBP", "RGBA"), ("JPEG", "RGB")])
def test_transparency_stays_where_the_format_has_it_and_shows_the_background_otherwise(
    run: Run, kind: str, mode: str
) -> None:
    run.add("Image", encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG"))

    run.operate("ImageThumbnail", Format=kind, Background="#00ff00")

    made = opened(run)
    assert (made.format, made.mode) == (kind, mode)
    found = pixel(made, 10, 10)
    assert found[3] == 0 if mode == "RGBA" else close(found, (0, 255, 0))


@pytest.mark.parametrize(
    "content",
    [
        encoded(scene().convert("CMYK"), "TIFF"),
        encoded(Image.new("I;16", (60, 40), 40000), "PNG"),
        encoded(scene().convert("P"), "GIF", save_all=True, append_images=[Image.new("P", (400, 300))]),
        encoded(scene().convert("LA"), "PNG"),
        encoded(scene().convert("1"), "BMP"),
        encoded(scene(), "WEBP"),
        encoded(scene(), "AVIF"),
        encoded(Image.new("F", (30, 30), 0.5), "TIFF"),
        encoded(scene(1, 500), "PNG"),
    ],
    ids=[
        "CMYK TIFF",
        "16-bit PNG",
        "animated GIF",
        "grey alpha PNG",
        "1-bit BMP",
        "WebP",
        "AVIF",
        "float TIFF",
        "line",
    ],
)
def test_every_kind_of_picture_goes_through_every_operation(run: Run, content: bytes) -> None:
    run.add("Image", content)

    assert {run.operate(operation)["Status"] for operation in OPERATIONS} == {"Complete"}


def test_16_bit_greys_keep_their_brightness(run: Run) -> None:
    run.add("Image", encoded(Image.new("I;16", (60, 40), 40000), "PNG"))

    run.operate("ImageThumbnail", Format="PNG")

    assert opened(run).getpixel((5, 5)) == 40000 // 256


def test_hashes_are_near_for_the_same_scene_and_far_for_another(run: Run) -> None:
    def hashes(image: Image.Image, kind: str, **options: Any) -> dict[str, str]:
        run.add("Image", encoded(image, kind, **options))
        return dict(run.operate("ImageHash")["MetaData"]["ImageHash"])

    noted = hashes(scene(), "PNG")
    smaller = hashes(scene().resize((200, 150)), "JPEG", quality=60)
    other = hashes(scene().transpose(Image.Transpose.ROTATE_90), "PNG")

    for kind in ("AverageHash", "DifferenceHash", "PerceptualHash"):
        assert len(noted[kind]) == 16
        assert distance(noted[kind], smaller[kind]) <= 6
        assert distance(noted[kind], other[kind]) >= 12
    assert noted["Sha256"] != smaller["Sha256"]


def bomb() -> bytes:
    """A PNG that claims 50,000 x 50,000 pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", 50000, 50000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bomb(), "more than the 120000000 pixels"),
        (encoded(scene(), "JPEG")[:2000], "cannot be decoded"),
        (b"text renamed to .png", "no picture of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n", "no picture of a known format"),
        (b"", "empty"),
    ],
    ids=["bomb", "truncated", "text", "EPS", "nothing"],
)
def test_what_is_no_picture_is_invalid_input(run: Run, operation: str, content: bytes, reason: str) -> None:
    run.add("Image", content)

    with pytest.raises(InvalidInput, match=reason):
        run.operate(operation)
