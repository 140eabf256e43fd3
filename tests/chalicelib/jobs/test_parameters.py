"""What a request says becomes its operation's parameters, or is refused by the request's own word for it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.jobs import kinds, parameters
from chalicelib.web.errors import BadRequestError
from chalicelib.web.validation import schema
from mediawright import media

KINDS = {kind.name: kind for kind in kinds.KINDS}


def of(name: str, **body: Any) -> dict[str, Any]:
    return parameters.of(KINDS[name], body)


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_a_kind_asks_for_parameters_that_its_operation_has(kind: kinds.Kind) -> None:
    known = media.schema(kind.operation)["properties"]

    assert {*kind.fields.values(), *kind.fixed} <= set(known)
    assert set(kind.fields) <= set(schema(f"jobs/{kind.name}")["properties"])
    assert set(kind.defaults) <= set(kind.fields)
    if kind.batch:
        assert set(kind.fields) <= set(schema(f"jobs/batch_{kind.name}")["properties"])


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_the_defaults_that_are_described_are_those_that_hold(kind: kinds.Kind) -> None:
    operation = media.defaults(kind.operation)
    for name, rule in schema(f"jobs/{kind.name}")["properties"].items():
        if "default" in rule and name not in kind.defaults:
            assert rule["default"] == operation[kind.fields[name]]
        elif name in kind.defaults:
            assert rule["default"] == kind.defaults[name]


def test_the_route_says_what_the_request_does_not() -> None:
    assert of("image_convert_webp", quality=70)["OutputFormat"] == "webp"
    assert of("image_convert_format", output_format=" .PNG ")["OutputFormat"] == "png"
    assert of("image_convert_format", output_format="jpg")["Quality"] == 85


@pytest.mark.parametrize(("crf", "quality"), [(0, 100), (63, 0), (60, 5)])
def test_avif_is_asked_for_on_av1s_own_scale(crf: int, quality: int) -> None:
    assert of("image_convert_avif", quality=crf)["Quality"] == quality


def test_avifs_default_is_60() -> None:
    assert of("image_convert_avif") == of("image_convert_avif", quality=60)


@pytest.mark.parametrize(
    ("asked", "codec"),
    [
        ({"codec": "libx264"}, "h264"),
        ({"codec": "libx265", "output_format": "mkv"}, "h265"),
        ({"codec": "libx264", "output_format": "webm"}, "vp9"),
        ({"codec": "libaom-av1", "output_format": "webm"}, "av1"),
    ],
)
def test_a_codec_goes_by_its_encoders_name_and_fits_its_container(asked: dict[str, Any], codec: str) -> None:
    assert of("video_convert", **asked)["Codec"] == codec


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("image_convert_webp", {"quality": 101}, "quality"),
        ("image_convert_webp", {"background": "#12345"}, "background"),
        ("image_convert_avif", {"quality": 64}, "quality"),
        ("image_convert_format", {"output_format": "heic"}, "output_format"),
        ("image_convert_format", {"output_format": "jpg", "lossless": True}, "lossless"),
        ("image_resize", {}, "width"),
        ("image_resize", {"height": 0}, "height"),
        ("video_convert", {"codec": "bogus"}, "codec"),
        ("video_convert", {"codec": "libx264", "output_format": "exe"}, "output_format"),
        ("video_convert", {"crf": 52}, "crf"),
        ("video_trim", {"start_time": "2", "end_time": "1"}, "end_time"),
        ("video_rotate", {"degrees": 45}, "degrees"),
        ("audio_convert", {"bit_rate": 1000}, "bit_rate"),
    ],
)
def test_what_will_not_do_is_named_as_the_request_names_it(name: str, body: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        of(name, **body)

    assert refused.value.location == (field,)
    assert str(refused.value).startswith(f"{field}: ")
