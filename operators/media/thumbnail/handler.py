"""`Thumbnail`: pictures of a video every few seconds, and all of them on one contact sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from mediawright import InvalidInput, Task, operator
from operators.media import contact_sheet, operation
from operators.media.containers import duration, opened, video_stream
from operators.media.deadline import Deadline
from operators.media.frames import frames_at, picture


class Still(NamedTuple):
    """A frame kept as a JPEG file, and when it is shown (seconds)."""

    seconds: float
    path: Path


def stills(source: Path, directory: Path, configuration: dict[str, Any], deadline: Deadline) -> list[Still]:
    """Write a JPEG for every interval of the video. Raises InvalidInput when nothing can be decoded."""
    made: list[Still] = []
    with opened(source) as container:
        stream = video_stream(container)
        times = _times(duration(container), configuration["IntervalSeconds"], configuration["MaxFrames"])
        for seconds, frame in frames_at(container, stream, times, deadline):
            path = directory / f"frame-{len(made) + 1:04d}.jpg"
            picture(frame, stream, configuration["Width"]).save(path, quality=configuration["Quality"])
            made.append(Still(round(seconds, 3), path))
    if not made:
        raise InvalidInput("no picture of the video can be decoded")
    return made


def _times(seconds: float | None, interval: float, most: int) -> list[float]:
    """When the video is longer than `most` intervals, the intervals grow; its length may be unknown."""
    if seconds is None:
        return [number * interval for number in range(most)]
    interval = max(interval, seconds / most)
    count = max(1, min(most, -int(-seconds // interval)))
    return [number * interval for number in range(count)]


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration = {"IntervalSeconds": 2, "MaxFrames": 60, "Width": 640, "Columns": 4, "Quality": 85}
    configuration |= task.configuration
    made = stills(operation.fetched(task), task.directory, configuration, operation.deadline(task))
    sheet = contact_sheet.write(
        task.directory / "contact-sheet.jpg", [still.path for still in made], configuration["Columns"]
    )
    places = [task.upload(still.path) for still in made]
    cover = len(made) // 2
    task.add_media("Thumbnail", *places[cover])
    listed = [
        {"Seconds": still.seconds, "S3Bucket": bucket, "S3Key": key}
        for still, (bucket, key) in zip(made, places, strict=True)
    ]
    with Image.open(made[0].path) as first:
        width, height = first.size
    summary = {"Frames": len(made), "Width": width, "Height": height, "CoverSeconds": made[cover].seconds}
    results = {**summary, "Stills": listed, "ContactSheet": operation.publish(task, "ContactSheet", sheet)}
    operation.report(task, results, summary)
