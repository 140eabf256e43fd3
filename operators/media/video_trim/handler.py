"""`VideoTrim`: a part of a video, cut at the frame or at key frames."""

from __future__ import annotations

from typing import Any

from mediawright import InvalidInput, Task, media, operator
from mediawright.media import times
from operators.media import operation, video_files
from operators.media.probe import Promise
from operators.media.video_files import MUXERS, Plan, Source

TOLERANCE_SECONDS = 0.05
"""How far past the end a time may lie: lengths are told rounded to a frame."""


def part(given: Source, parameters: dict[str, Any]) -> tuple[float, float]:
    """Return where the part begins and ends, in seconds. Raises InvalidInput when it isn't all in the video."""
    length = given.seconds
    begin = times.seconds(parameters["StartTime"])
    if length is not None and begin >= length:
        raise InvalidInput(f"StartTime: {begin:g} s is past the end of the video, which lasts {length:.2f} s")
    if "EndTime" not in parameters:
        if length is None:
            raise InvalidInput("EndTime: the video doesn't tell how long it is, so a time is needed")
        return begin, length
    end = times.seconds(parameters["EndTime"])
    if length is not None and end > length + TOLERANCE_SECONDS:
        raise InvalidInput(f"EndTime: {end:g} s is past the end of the video, which lasts {length:.2f} s")
    return begin, end if length is None else min(end, length)


def plan(given: Source, parameters: dict[str, Any], begin: float, end: float) -> Plan:
    """How the part is made."""
    if parameters["Mode"] == "accurate":
        size = video_files.even(given.video.width, given.video.height)
        scale = f"scale={size[0]}:{size[1]},setsar=1"
        return video_files.reencoded(given, scale, size, end - begin, (begin, end - begin))
    container = video_files.copied_container(given)
    heard = given.audio.codec if given.audio else None
    promise = Promise(MUXERS[container], given.video.codec, heard, None, end - begin)
    before, after = video_files.cut(begin, end - begin)
    return Plan(container, ("-c", "copy"), (), promise, before, (*after, "-avoid_negative_ts", "make_zero"))


@operator(configuration_schema=media.configuration_schema("VideoTrim"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "VideoTrim")
    limit = operation.deadline(task)
    given = video_files.source(task)
    begin, end = part(given, parameters)
    given.video.demand_there(end)
    made = video_files.make(task, given, plan(given, parameters, begin, end), limit, end - begin)
    video_files.publish(task, *made)
