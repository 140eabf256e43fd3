"""Pictures (acceptance rows MF12 to MF19 of the contract)."""

from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from PIL import Image

from tests.system.jobs.conftest import Person, completed, detail, ended, picture, queued

pytestmark = pytest.mark.usefixtures("operators")


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def convert(person: Person, path: str, content: bytes, name: str = "a.png", **fields: Any) -> str:
    answer = person.ask("POST", f"image/{path}", files={"file": (name, content)}, data=fields)
    return queued(answer)


def test_mf12_a_picture_becomes_webp(person: Person) -> None:
    job_id = convert(person, "convert/webp", picture(size=(120, 80)), quality=80)

    assert str(uuid.UUID(job_id)) == job_id
    content = completed(person, job_id)
    assert content[:4] + content[8:12] == b"RIFFWEBP"
    assert opened(content).size == (120, 80)


def test_mf13_lossless_webp_keeps_every_pixel(person: Person) -> None:
    given = picture(size=(64, 64))

    made = opened(completed(person, convert(person, "convert/webp", given, lossless="true")))

    assert made.convert("RGB").tobytes() == opened(given).convert("RGB").tobytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_mf14_all_kinds_of_pictures_are_taken(person: Person, kind: str) -> None:
    assert opened(completed(person, convert(person, "convert/webp", picture(kind)))).format == "WEBP"


def test_mf14_an_animation_keeps_its_pictures(person: Person) -> None:
    frames = [Image.new("RGB", (32, 32), (shade, 0, 0)) for shade in (0, 80, 160, 240)]
    given = io.BytesIO()
    frames[0].save(given, "GIF", save_all=True, append_images=frames[1:], duration=100)

    made = opened(completed(person, convert(person, "convert/webp", given.getvalue(), "a.gif")))

    assert getattr(made, "n_frames", 1) == 4


def test_mf15_avif_counts_its_quality_downwards_and_keeps_alpha(person: Person) -> None:
    noise = Image.effect_noise((128, 128), 80).convert("RGBA")
    noise.putalpha(128)
    given = io.BytesIO()
    noise.save(given, "PNG")

    best, worst = (
        completed(person, convert(person, "convert/avif", given.getvalue(), quality=quality)) for quality in (0, 63)
    )

    assert best[4:12] == b"ftypavif"
    assert len(best) > len(worst)
    assert opened(best).mode == "RGBA"


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("png", "PNG"), ("jpg", "JPEG"), ("jpeg", "JPEG"), ("gif", "GIF"), ("bmp", "BMP"), ("tiff", "TIFF"),
     ("tif", "TIFF"), ("webp", "WEBP"), ("avif", "AVIF"), (".PNG", "PNG")],
)  # fmt: skip
def test_mf16_every_format_is_made(person: Person, asked: str, kind: str) -> None:
    made = completed(person, convert(person, "convert/format", picture(), output_format=asked))

    assert opened(made).format == kind


def test_mf16_an_unknown_format_is_refused_with_those_that_there_are(person: Person) -> None:
    answer = person.ask(
        "POST", "image/convert/format", files={"file": ("a.png", picture())}, data={"output_format": "heic"}
    )

    (wrong,) = detail(answer, 422)
    assert wrong["loc"] == ["body", "output_format"]
    for name in ("png", "jpg", "jpeg", "gif", "bmp", "tiff", "tif", "webp", "avif"):
        assert f"'{name}'" in wrong["msg"]


@pytest.mark.parametrize(
    ("path", "fields", "field"),
    [
        ("image/convert/webp", {"quality": "101"}, "quality"),
        ("image/convert/webp", {"quality": "-1"}, "quality"),
        ("image/convert/webp", {"quality": "8.5"}, "quality"),
        ("image/convert/webp", {"quality": "best"}, "quality"),
        ("image/convert/webp", {"lossless": "perhaps"}, "lossless"),
        ("image/convert/webp", {"speed": "1"}, "body"),
        ("image/convert/avif", {"quality": "64"}, "quality"),
        ("image/convert/avif", {"quality": "-1"}, "quality"),
        ("image/convert/format", {}, "output_format"),
        ("image/resize", {"width": "0"}, "width"),
        ("image/resize", {"width": "-5"}, "width"),
        ("image/resize", {"width": "10", "height": "99999"}, "height"),
        ("image/resize", {}, "width"),
        ("image/resize", {"width": "10", "fit": "zz"}, "fit"),
        ("image/resize", {"width": "10", "background": "red"}, "background"),
    ],
)
def test_mf17_what_is_out_of_range_is_refused_and_nothing_is_queued(
    person: Person, path: str, fields: dict[str, str], field: str
) -> None:
    answer = person.ask("POST", path, files={"file": ("a.png", picture())}, data=fields)

    assert detail(answer, 422)[0]["loc"][-1] == field
    assert person.ask("GET", "jobs").json()["data"]["total"] == 0


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"width": 500, "height": 500}, (500, 500)),
        ({"width": 500, "height": 500, "fit": "cover"}, (500, 500)),
        ({"width": 500, "height": 500, "fit": "contain"}, (500, 300)),
        ({"width": 500, "height": 500, "fit": "fill"}, (500, 500)),
        ({"width": 500, "height": 500, "fit": "pad"}, (500, 500)),
        ({"width": 500}, (500, 300)),
    ],
)
def test_mf18_a_picture_gets_the_size_that_was_asked_for(
    person: Person, fields: dict[str, Any], size: tuple[int, int]
) -> None:
    made = completed(person, convert(person, "resize", picture("JPEG", (1000, 600)), **fields))

    assert opened(made).size == size


@pytest.mark.parametrize(
    ("path", "fields"), [("convert/webp", {}), ("convert/avif", {}), ("resize", {"width": 600, "fit": "contain"})]
)
def test_mf19_a_turned_photo_stands_upright(person: Person, path: str, fields: dict[str, Any]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    made = completed(person, convert(person, path, picture("JPEG", (1000, 600), exif=exif.tobytes()), **fields))

    assert opened(made).size == (600, 1000)


def test_mf33_a_corrupt_picture_fails_with_a_reason(person: Person) -> None:
    """The rest of MF33 stands with the jobs' own rows."""
    job = ended(person, convert(person, "convert/webp", picture("JPEG", (400, 400))[:600]))

    assert job["status"] == "failed"
    assert job["error"]
    assert job["result_url"] is None
