from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mediawright import InvalidInput, media
from mediawright.media import codecs, times

NEEDED: dict[str, dict[str, Any]] = {"ImageResize": {"Width": 5}, "VideoResize": {"Height": 5}}


@pytest.mark.parametrize("name", media.NAMES)
def test_each_operation_has_a_sound_schema_whose_examples_and_defaults_pass(name: str) -> None:
    Draft202012Validator.check_schema(media.schema(name))
    Draft202012Validator.check_schema(media.configuration_schema(name))

    for example in media.schema(name)["examples"]:
        assert media.check(name, example) == {**media.defaults(name), **example}
    assert media.check(name, NEEDED.get(name, {})) == {**media.defaults(name), **NEEDED.get(name, {})}


def test_the_nine_operations_are_there() -> None:
    assert media.NAMES == (
        "AudioConvert", "ImageConvert", "ImageResize", "MediaProbe", "VideoConvert", "VideoResize", "VideoRotate",
        "VideoThumbnail", "VideoTrim",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parameters", "field"),
    [
        ("ImageConvert", {"OutputFormat": "heic"}, "OutputFormat"),
        ("ImageConvert", {"Quality": 101}, "Quality"),
        ("ImageConvert", {"Quality": True}, "Quality"),
        ("ImageConvert", {"Quality": "80"}, "Quality"),
        ("ImageConvert", {"Background": "#ffffff\n"}, "Background"),
        ("ImageConvert", {"Background": "white;rm -rf /"}, "Background"),
        ("ImageConvert", {"Lossless": True, "OutputFormat": "jpg"}, "Lossless"),
        ("ImageConvert", {"Qualty": 3}, "Qualty"),
        ("ImageResize", {}, "Width"),
        ("ImageResize", {"Width": 0}, "Width"),
        ("ImageResize", {"Height": -5}, "Height"),
        ("ImageResize", {"Width": 16384}, "Width"),
        ("ImageResize", {"Width": 16383, "Height": 16383}, "Width"),
        ("ImageResize", {"Width": 5, "Fit": "zz"}, "Fit"),
        ("VideoConvert", {"OutputFormat": "exe"}, "OutputFormat"),
        ("VideoConvert", {"Codec": "bogus"}, "Codec"),
        ("VideoConvert", {"Preset": "zz"}, "Preset"),
        ("VideoConvert", {"Crf": 52}, "Crf"),
        ("VideoConvert", {"OutputFormat": "webm", "Codec": "h264"}, "Codec"),
        ("VideoConvert", {"OutputFormat": "webm", "AudioCodec": "aac"}, "AudioCodec"),
        ("VideoConvert", {"OutputFormat": "webm", "Crf": 64}, "Crf"),
        ("VideoTrim", {"StartTime": 2, "EndTime": 1}, "EndTime"),
        ("VideoTrim", {"StartTime": "00:00:02", "EndTime": "2.0"}, "EndTime"),
        ("VideoTrim", {"StartTime": "soon"}, "StartTime"),
        ("VideoTrim", {"StartTime": "1\n"}, "StartTime"),
        ("VideoTrim", {"StartTime": "10:00:00"}, "StartTime"),
        ("VideoTrim", {"StartTime": None}, "StartTime"),
        ("VideoTrim", {"Mode": "file:/etc/passwd"}, "Mode"),
        ("VideoRotate", {"Degrees": 45}, "Degrees"),
        ("VideoThumbnail", {"Timestamp": -1}, "Timestamp"),
        ("VideoThumbnail", {"OutputFormat": "gif"}, "OutputFormat"),
        ("AudioConvert", {"OutputFormat": "ogg"}, "OutputFormat"),
        ("AudioConvert", {"BitRate": 1}, "BitRate"),
        ("MediaProbe", {"Anything": 1}, "Anything"),
    ],
)
def test_a_parameter_that_will_not_do_is_named(name: str, parameters: dict[str, Any], field: str) -> None:
    with pytest.raises(media.InvalidParameter) as refused:
        media.check(name, parameters)

    assert refused.value.field == field
    assert refused.value.reason
    assert isinstance(refused.value, InvalidInput)


def test_a_whole_number_is_one_however_it_is_written() -> None:
    checked = media.check("ImageResize", {"Width": 300.0, "Quality": 8e1})

    assert (checked["Width"], checked["Quality"]) == (300, 80)
    assert not any(isinstance(value, float) for value in checked.values())


def test_vp9_takes_what_h264_does_not() -> None:
    assert media.check("VideoConvert", {"OutputFormat": "webm", "Crf": 63})["Crf"] == 63


@pytest.mark.parametrize(
    ("written", "meant"),
    [(1.5, 1.5), ("1.5", 1.5), ("00:00:01.5", 1.5), ("1:30", 90.0), ("01:01:01", 3661.0), (0, 0)],
)
def test_times_are_read_as_people_write_them(written: Any, meant: float) -> None:
    assert times.seconds(written) == meant
    assert media.check("VideoThumbnail", {"Timestamp": written})["Timestamp"] == written


@pytest.mark.parametrize(("crf", "quality"), [(0, 100), (63, 0), (60, 5), (30, 52)])
def test_the_scale_of_av1_is_mapped_onto_ours(crf: int, quality: int) -> None:
    assert codecs.quality_of_avif_crf(crf) == quality


@pytest.mark.parametrize("crf", [-1, 64])
def test_what_is_off_the_scale_of_av1_is_refused(crf: int) -> None:
    with pytest.raises(ValueError, match="63"):
        codecs.quality_of_avif_crf(crf)


def test_a_container_gets_a_codec_that_it_takes() -> None:
    assert codecs.fitting("webm", "libx264") == "vp9"
    assert codecs.fitting("webm", "libaom-av1") == "av1"
    assert codecs.fitting("mp4", "libx264") == "h264"
    with pytest.raises(KeyError):
        codecs.fitting("mp4", "bogus")


def test_an_unknown_operation_has_no_schema() -> None:
    with pytest.raises(KeyError):
        media.schema("../../etc/passwd")
