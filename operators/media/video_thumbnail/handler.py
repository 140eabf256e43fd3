"""`VideoThumbnail`: the picture that a video shows at a time."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from mediawright import InvalidInput, Task, media, operator
from mediawright.media import times
from operators.media import image_files, operation
from operators.media.containers import breaks_off, broken_off, duration, lasts, opened, video_stream
from operators.media.deadline import Deadline
from operators.media.frames import picture, shown_at

_SUMMARY = ("Format", "Width", "Height", "Seconds", "Bytes")
_FULL_SIZE = 1 << 20


def still(source: Path, seconds: float, deadline: Deadline) -> tuple[Image.Image, float]:
    """Return the picture shown at a time, and when it began. Raises InvalidInput when the video is over by then."""
    with opened(source) as container:
        stream = video_stream(container)
        length = lasts(stream)
        length = duration(container) if length is None else length
        if length is not None and seconds >= length:
            raise InvalidInput(f"Timestamp: {seconds:g} s is past the end of the video, which lasts {length:.2f} s")
        missing = breaks_off(container, stream)
        if missing is not None and seconds >= missing:
            raise broken_off(missing)
        found = shown_at(container, stream, seconds, deadline)
        if found is None:
            raise InvalidInput(f"Timestamp: no picture of the video can be decoded at {seconds:g} s")
        return picture(found[1], stream, _FULL_SIZE), found[0]


@operator(configuration_schema=media.configuration_schema("VideoThumbnail"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "VideoThumbnail")
    limit = operation.deadline(task)
    image, began = still(operation.fetched(task), times.seconds(parameters["Timestamp"]), limit)
    pictures = image_files.Pictures((image,), (0,), 0, None, None)
    path, facts = image_files.write(pictures, task.directory, image_files.Writing.of(parameters), limit)
    facts |= {"Seconds": round(began, 3), **operation.publish(task, "Image", path, facts["ContentType"])}
    operation.report(task, facts, operation.some(facts, _SUMMARY))
