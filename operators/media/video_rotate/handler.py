"""`VideoRotate`: a video turned clockwise, encoded anew or by a note in the file that players follow."""

from __future__ import annotations

from mediawright import Task, media, operator
from operators.media import operation, video_files
from operators.media.probe import Promise
from operators.media.video_files import Plan, Source

_FILTERS = {90: "transpose=clock", 180: "transpose=clock,transpose=clock", 270: "transpose=cclock"}


def turned(given: Source, degrees: int) -> Plan:
    """Encode the turned pictures; ffmpeg applies the turn that the file notes first."""
    width, height = given.video.width, given.video.height
    size = video_files.even(*((width, height) if degrees == 180 else (height, width)))
    filters = f"{_FILTERS[degrees]},scale={size[0]}:{size[1]},setsar=1"
    return video_files.reencoded(given, filters, size, _seconds(given))


def noted(given: Source, degrees: int) -> Plan:
    """Keep the streams and note the turn. Raises InvalidInput for those that mp4 can't keep.

    The file's turn is counter-clockwise and the option replaces it.
    """
    video_files.demand_mp4(given)
    turn = (given.video.rotation - degrees) % 360
    width, height = given.video.width, given.video.height
    size = (width, height) if degrees == 180 else (height, width)
    heard = given.audio.codec if given.audio else None
    promise = Promise("mp4", given.video.codec, heard, size, _seconds(given))
    before = (f"-display_rotation:{given.video.index}", str(turn if turn <= 180 else turn - 360))
    return Plan("mp4", ("-c", "copy"), (), promise, before)


def _seconds(given: Source) -> float | None:
    return given.facts.seconds if given.facts.exact else None


@operator(configuration_schema=media.configuration_schema("VideoRotate"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "VideoRotate")
    limit = operation.deadline(task)
    given = video_files.source(task)
    given.video.demand_there()
    plan = (noted if parameters["NoTranscode"] else turned)(given, parameters["Degrees"])
    video_files.publish(task, *video_files.make(task, given, plan, limit, given.facts.seconds))
