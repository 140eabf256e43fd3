"""What the parameters of a media operation must be together. Pure: no file and no service is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mediawright.media import codecs, times

MAX_PIXELS = 120_000_000
"""The largest picture that is made or read."""
LOSSLESS_FORMATS = ("bmp", "png", "tif", "tiff", "webp")

Parameters = Mapping[str, Any]
Problem = tuple[str, str]
"""A parameter's name and what is wrong with it."""


def problems(name: str, parameters: Parameters) -> Iterator[Problem]:
    """Yield what is wrong between parameters that each satisfy their schema, defaults filled in."""
    rule = _RULES.get(name)
    if rule is not None:
        yield from rule(parameters)


def _converted_image(parameters: Parameters) -> Iterator[Problem]:
    kind = parameters["OutputFormat"]
    if parameters["Lossless"] and kind not in LOSSLESS_FORMATS:
        yield "Lossless", f"{kind} cannot keep every pixel; these can: {', '.join(LOSSLESS_FORMATS)}"


def _box(parameters: Parameters) -> Iterator[Problem]:
    width, height = parameters.get("Width"), parameters.get("Height")
    if width is None and height is None:
        yield "Width", "give Width, Height or both"
    elif width and height and width * height > MAX_PIXELS:
        yield "Width", f"{width} x {height} are more than the {MAX_PIXELS} pixels allowed"


def _converted_video(parameters: Parameters) -> Iterator[Problem]:
    container = codecs.CONTAINERS[parameters["OutputFormat"]]
    codec = parameters.get("Codec", container.video[0])
    sound = parameters.get("AudioCodec", container.audio[0])
    if codec not in container.video:
        yield "Codec", f"{parameters['OutputFormat']} takes {' and '.join(container.video)}, not {codec}"
    elif parameters.get("Crf", 0) > codecs.VIDEO[codec].largest_crf:
        yield "Crf", f"{codec} takes 0 to {codecs.VIDEO[codec].largest_crf}"
    if sound not in container.audio:
        yield "AudioCodec", f"{parameters['OutputFormat']} takes {' and '.join(container.audio)}, not {sound}"


def _part(parameters: Parameters) -> Iterator[Problem]:
    yield from _time("StartTime", parameters)
    if "EndTime" in parameters:
        yield from _time("EndTime", parameters)
        if times.seconds(parameters["EndTime"]) <= times.seconds(parameters["StartTime"]):
            yield "EndTime", "it must come after StartTime"


def _moment(parameters: Parameters) -> Iterator[Problem]:
    yield from _time("Timestamp", parameters)


def _time(name: str, parameters: Parameters) -> Iterator[Problem]:
    if times.seconds(parameters[name]) > times.LONGEST_SECONDS:
        yield name, f"{parameters[name]} is later than the {times.LONGEST_SECONDS} s that a video may last"


_RULES: dict[str, Callable[[Parameters], Iterator[Problem]]] = {
    "ImageConvert": _converted_image,
    "ImageResize": _box,
    "VideoConvert": _converted_video,
    "VideoResize": _box,
    "VideoThumbnail": _moment,
    "VideoTrim": _part,
}
