"""`VideoResize`: a video in another size, its sides even numbers."""

from __future__ import annotations

from typing import Any

from mediawright import Task, media, operator
from operators.media import operation, video_files
from operators.media.containers import demand_bounded


def target(source: tuple[int, int], parameters: dict[str, Any]) -> tuple[int, int]:
    """Return the new size in pixels: inside the box, of the same shape, unless KeepAspect is off.

    Raises InvalidInput when the side that follows makes the pictures too large.
    """
    width, height = parameters.get("Width"), parameters.get("Height")
    if width and height and not parameters["KeepAspect"]:
        return video_files.even(width, height)
    scale = min(given / side for given, side in ((width, source[0]), (height, source[1])) if given)
    # rounding first: 320 x 180 times 2/3 is 120 high and not 119.99
    size = video_files.even(round(source[0] * scale, 3), round(source[1] * scale, 3))
    demand_bounded(*size)
    return size


@operator(configuration_schema=media.configuration_schema("VideoResize"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "VideoResize")
    limit = operation.deadline(task)
    given = video_files.source(task)
    given.video.demand_there()
    size = target((given.video.width, given.video.height), parameters)
    seconds = given.facts.seconds if given.facts.exact else None
    plan = video_files.reencoded(given, f"scale={size[0]}:{size[1]},setsar=1", size, seconds)
    video_files.publish(task, *video_files.make(task, given, plan, limit, given.facts.seconds))
