from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageSequence

from mediawright import InvalidInput
from mediawright.media import formats
from operators.media import image_files
from operators.media.deadline import Deadline
from tests.operators.media.conftest import Run, pixel

ORIENTATION = 0x0112
ARTIST = 0x013B


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int = 60, height: int = 40) -> Image.Image:
    return Image.merge(
        "RGB",
        [
            Image.linear_gradient("L").resize((width, height)),
            Image.radial_gradient("L").resize((width, height)),
            Image.new("L", (width, height), 90),
        ],
    )


def animation(kind: str = "GIF") -> bytes:
    frames = [Image.new("RGB", (24, 16), colour) for colour in ("red", "lime", "blue", "white")]
    return encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=[100, 200, 300, 400], loop=0)


def rotated_jpeg(orientation: int = 6) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION], exif[ARTIST] = orientation, "A. Photographer"
    return encoded(gradient(), "JPEG", exif=exif.tobytes())


def convert(run: Run, content: bytes, name: str = "ImageConvert", **parameters: Any) -> Image.Image:
    run.add("Image", content)
    run.operate(name, **parameters)
    return Image.open(io.BytesIO(run.made("Image")))


@pytest.mark.parametrize("kind", ["png", "jpg", "jpeg", "gif", "bmp", "tiff", "tif", "webp", "avif"])
def test_every_format_is_made_and_is_what_it_says(run: Run, kind: str) -> None:
    made = convert(run, encoded(gradient(), "PNG"), OutputFormat=kind)

    known = formats.IMAGES[formats.ending(kind)]
    key = run.media["Image"]["S3Key"]
    assert made.size == (60, 40)
    assert Image.MIME[str(made.format)] == known.content_type == run.bucket.content_types[key]
    assert key == f"private/assets/asset-1/workflows/run-1/ImageConvert/image.{formats.ending(kind)}"
    assert run.metadata["ImageConvert"] == {
        "Format": formats.ending(kind), "Width": 60, "Height": 40, "Frames": 1, "HasAlpha": False,
        "Bytes": len(run.made("Image")),
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_every_format_is_read(run: Run, kind: str) -> None:
    assert convert(run, encoded(gradient(), kind), OutputFormat="webp").size == (60, 40)


@pytest.mark.parametrize("kind", ["gif", "webp", "avif", "png"])
def test_an_animation_keeps_its_pictures_and_their_times(run: Run, kind: str) -> None:
    made = convert(run, animation(), OutputFormat=kind, Quality=100)

    assert getattr(made, "n_frames", 1) == 4
    # WebP and AVIF tell a frame's time once it is decoded
    shown = [frame.convert("RGB") and frame.info["duration"] for frame in ImageSequence.Iterator(made)]
    assert shown == pytest.approx([100, 200, 300, 400], abs=1)
    assert run.metadata["ImageConvert"]["Frames"] == 4


@pytest.mark.parametrize("change", [{"OutputFormat": "jpg"}, {"OutputFormat": "webp", "Animated": False}])
def test_of_an_animation_the_first_picture_alone_where_no_more_is_wanted_or_held(
    run: Run, change: dict[str, Any]
) -> None:
    made = convert(run, animation(), **change)

    assert getattr(made, "n_frames", 1) == 1
    assert pixel(made.convert("RGB"), 5, 5)[0] > 240


def test_a_gif_that_plays_once_plays_once(run: Run) -> None:
    frames = [Image.new("RGB", (24, 16), colour) for colour in ("red", "lime")]
    once = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)

    assert convert(run, once, OutputFormat="webp").info["loop"] == 1
    assert "loop" not in convert(run, once, OutputFormat="gif").info


def transparent() -> bytes:
    image = gradient().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 20, 20))
    return encoded(image, "PNG")


@pytest.mark.parametrize("kind", ["png", "webp", "avif", "tiff", "gif"])
def test_transparency_is_kept_where_the_format_can(run: Run, kind: str) -> None:
    made = convert(run, transparent(), OutputFormat=kind).convert("RGBA")

    assert pixel(made, 5, 5)[3] == 0
    assert pixel(made, 50, 35)[3] == 255


@pytest.mark.parametrize("kind", ["jpg", "bmp"])
def test_transparency_is_laid_over_the_background_elsewhere(run: Run, kind: str) -> None:
    made = convert(run, transparent(), OutputFormat=kind, Background="#00ff00", Quality=95).convert("RGB")

    assert pixel(made, 5, 5) == pytest.approx((0, 255, 0), abs=6)


def test_lossless_keeps_every_pixel(run: Run) -> None:
    made = convert(run, transparent(), OutputFormat="webp", Lossless=True)

    assert made.convert("RGBA").tobytes() == Image.open(io.BytesIO(transparent())).tobytes()


@pytest.mark.parametrize("kind", ["jpg", "webp", "avif"])
def test_a_higher_quality_makes_a_larger_file(run: Run, kind: str) -> None:
    noise = encoded(Image.effect_noise((96, 96), 80), "PNG")
    sizes = []
    for quality in (0, 50, 100):
        convert(run, noise, OutputFormat=kind, Quality=quality)
        sizes.append(len(run.made("Image")))

    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


@pytest.mark.parametrize("kind", ["webp", "avif", "jpg", "png"])
def test_the_orientation_is_applied_and_what_the_camera_noted_is_dropped(run: Run, kind: str) -> None:
    made = convert(run, rotated_jpeg(), OutputFormat=kind)

    assert made.size == (40, 60)
    assert dict(made.getexif()) == {}
    assert b"Photographer" not in run.made("Image")


@pytest.mark.parametrize("kind", ["webp", "avif", "jpg", "png", "tiff"])
def test_what_the_camera_noted_is_kept_on_request_but_not_its_orientation(run: Run, kind: str) -> None:
    exif = convert(run, rotated_jpeg(), OutputFormat=kind, KeepMetadata=True).getexif()

    assert exif[ARTIST] == "A. Photographer"
    assert exif.get(ORIENTATION, 1) == 1


def test_the_colour_profile_is_kept(run: Run) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    assert convert(run, encoded(gradient(), "PNG", icc_profile=profile)).info["icc_profile"] == profile


@pytest.mark.parametrize("kind", ["webp", "jpg", "png"])
def test_a_picture_in_printing_colours_becomes_one_for_screens(run: Run, kind: str) -> None:
    cyan = Image.new("CMYK", (30, 20), (255, 0, 0, 0))

    made = convert(run, encoded(cyan, "TIFF"), OutputFormat=kind, Quality=95)

    assert pixel(made.convert("RGB"), 9, 9) == pytest.approx((0, 255, 255), abs=8)


def deep_tiff(mode: str, white: float) -> bytes:
    return encoded(Image.new(mode, (30, 20), white), "TIFF")


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp", "avif"])
@pytest.mark.parametrize(
    "content",
    [
        encoded(Image.new("I;16", (30, 20), 0x4000), "PNG"),
        deep_tiff("I;16", 0x4000),
        deep_tiff("I;16B", 0x4000),
        deep_tiff("F", 0.25),
    ],
    ids=["png", "tiff", "tiff, big-endian", "tiff, fractions"],
)
def test_sixteen_bits_and_fractions_become_eight_bits(run: Run, content: bytes, kind: str) -> None:
    made = convert(run, content, OutputFormat=kind)

    assert made.mode in ("L", "RGB", "P")
    assert pixel(made.convert("RGB"), 9, 9)[0] == pytest.approx(0x40, abs=2)


@pytest.mark.parametrize("fit", ["cover", "contain", "fill", "pad"])
def test_sixteen_bits_are_resized_as_eight(run: Run, fit: str) -> None:
    deep = encoded(Image.new("I;16", (30, 20), 0x4000), "PNG")

    made = convert(run, deep, "ImageResize", Width=10, Height=10, Fit=fit, OutputFormat="png")

    assert pixel(made.convert("RGB"), 5, 5)[0] == 0x40


def test_notes_that_jpeg_cannot_hold_are_left_out(run: Run) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "A" * 70_000

    made = convert(run, encoded(gradient(), "PNG", exif=exif.tobytes()), OutputFormat="jpg", KeepMetadata=True)

    assert (made.format, dict(made.getexif())) == ("JPEG", {})


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        ({"Width": 50, "Height": 50}, (50, 50)),
        ({"Width": 50, "Height": 50, "Fit": "contain"}, (50, 30)),
        ({"Width": 50, "Height": 50, "Fit": "fill"}, (50, 50)),
        ({"Width": 50, "Height": 50, "Fit": "pad"}, (50, 50)),
        ({"Width": 50}, (50, 30)),
        ({"Height": 30}, (50, 30)),
        ({"Width": 50, "Fit": "fill"}, (50, 60)),
        ({"Width": 200, "Fit": "contain"}, (200, 120)),
        ({"Width": 1}, (1, 1)),
    ],
)
def test_the_size_follows_from_the_box_and_the_fit(
    run: Run, parameters: dict[str, Any], size: tuple[int, int]
) -> None:
    made = convert(run, encoded(gradient(100, 60), "PNG"), "ImageResize", **parameters)

    assert (made.format, made.size) == ("WEBP", size)


def test_a_rotated_picture_is_resized_upright(run: Run) -> None:
    assert convert(run, rotated_jpeg(), "ImageResize", Width=20, Fit="contain").size == (20, 30)


def test_an_animation_is_resized_frame_by_frame(run: Run) -> None:
    made = convert(run, animation(), "ImageResize", Width=12, OutputFormat="gif")

    assert (made.size, getattr(made, "n_frames", 1)) == ((12, 8), 4)


def test_padding_has_the_background(run: Run) -> None:
    made = convert(
        run, encoded(gradient(60, 20), "PNG"), "ImageResize", Width=60, Height=60, Fit="pad",
        Background="#ff0000", OutputFormat="png",
    )  # fmt: skip

    assert pixel(made.convert("RGB"), 30, 2) == (255, 0, 0)
    assert pixel(made.convert("RGB"), 30, 30) != (255, 0, 0)


def bomb() -> bytes:
    """A PNG of 50,000 x 50,000 pixels in a hundred bytes: its header, and a few of its lines."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    lines = zlib.compress(bytes(150_001 * 4))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


JUNK = {
    "nothing": (b"", "empty"),
    "text": (b"This is no picture, whatever its name says.\n" * 9, "no picture of a known format"),
    "cut jpeg": (_cut(encoded(gradient(300, 200), "JPEG")), "cannot be decoded"),
    "cut png": (_cut(encoded(Image.effect_noise((90, 90), 50), "PNG")), "cannot be decoded"),
    "cut webp": (_cut(encoded(Image.effect_noise((90, 90), 50), "WEBP")), "cannot be"),
    "bomb": (bomb(), "120000000 pixels allowed"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture of a known format"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>", "no picture"),
}


@pytest.mark.parametrize("operation", ["ImageConvert", "ImageResize"])
@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_refused_with_a_plain_reason_and_nothing_is_made(run: Run, operation: str, junk: str) -> None:
    content, reason = JUNK[junk]
    size = {"Width": 5} if operation == "ImageResize" else {}

    with pytest.raises(InvalidInput, match=reason) as refused:
        convert(run, content, operation, **size)

    assert list(run.bucket.objects) == ["in/Image"]
    assert "/" not in str(refused.value)


def test_an_animation_of_too_many_pixels_is_refused_before_it_is_decoded(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_files, "MAX_ANIMATION_PIXELS", 24 * 16 * 3)

    with pytest.raises(InvalidInput, match="4 pictures of 24 x 16"):
        convert(run, animation())


def test_an_animation_is_not_made_larger_than_one_may_be(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MAX_ANIMATION_PIXELS", 24 * 16 * 4)

    with pytest.raises(InvalidInput, match="4 pictures of 48 x 32"):
        convert(run, animation(), "ImageResize", Width=48)
    assert convert(run, animation(), "ImageResize", Width=48, Animated=False).size == (48, 32)


def test_a_picture_too_wide_for_its_format_is_refused(run: Run) -> None:
    with pytest.raises(InvalidInput, match="16383 pixels a side"):
        convert(run, encoded(Image.new("L", (16_400, 2)), "PNG"), OutputFormat="webp")


def test_a_size_that_follows_the_other_is_bounded_too(run: Run) -> None:
    with pytest.raises(InvalidInput, match="120000000"):
        convert(run, encoded(Image.new("L", (2, 2000)), "PNG"), "ImageResize", Width=1000, OutputFormat="png")


@pytest.mark.parametrize(
    ("operation", "change", "field"),
    [
        ("ImageConvert", {"OutputFormat": "heic"}, "OutputFormat"),
        ("ImageConvert", {"Quality": 101}, "Quality"),
        ("ImageConvert", {"OutputFormat": "jpg", "Lossless": True}, "Lossless"),
        ("ImageResize", {}, "Width"),
        ("ImageResize", {"Width": 0}, "Width"),
        ("ImageResize", {"Width": 9, "Fit": "zz"}, "Fit"),
    ],
)
def test_parameters_are_checked_here_as_well(run: Run, operation: str, change: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        convert(run, encoded(gradient(), "PNG"), operation, **change)


def test_what_is_refused_here_is_not_tried_again(run: Run) -> None:
    """The engine goes by the name of the class."""
    with pytest.raises(InvalidInput) as refused:
        convert(run, encoded(gradient(), "PNG"), OutputFormat="jpg", Lossless=True)

    assert type(refused.value) is InvalidInput


def _cut_gif() -> bytes:
    content = animation()
    return content[: content.rindex(b",") + 4]


def _growing_gif() -> bytes:
    content = bytearray(animation())
    second = content.index(b",", content.index(b",") + 1)
    content[second + 5 : second + 7] = struct.pack("<H", 48)
    return bytes(content)


def _spoilt(content: bytes, mark: bytes) -> bytes:
    """All but the end of what follows a mark is 255."""
    begin = content.index(mark) + len(mark) + 8
    return content[:begin] + b"\xff" * (len(content) - begin)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (_cut_gif(), "cannot be"),
        (_growing_gif(), "changes its size"),
        (_spoilt(encoded(gradient(), "AVIF"), b"mdat"), "cannot be decoded"),
    ],
)
def test_damage_that_pillow_tells_of_in_its_own_ways_is_a_fault_of_the_file(
    run: Run, content: bytes, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        convert(run, content)


def test_a_picture_shown_for_longer_than_png_can_say_is_shown_as_long_as_it_can(run: Run) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    made = convert(
        run, encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=70_000), OutputFormat="png"
    )

    assert [frame.info["duration"] for frame in ImageSequence.Iterator(made)] == [65_535, 65_535]


def test_broken_notes_of_a_camera_say_nothing(run: Run) -> None:
    content = rotated_jpeg().replace(b"MM\0*", b"MM\0\1").replace(b"II*\0", b"II\1\0")

    assert convert(run, content, OutputFormat="jpg", KeepMetadata=True).getexif() == {}


def test_the_time_allowed_is_kept(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(animation())

    with pytest.raises(TimeoutError):
        image_files.read(source, Deadline(-1), animated=True)
