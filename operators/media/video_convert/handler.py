"""`VideoConvert`: a video in another container or codec."""

from __future__ import annotations

from typing import Any

from mediawright import Task, media, operator
from mediawright.media import codecs
from operators.media import operation, video_files
from operators.media.probe import Promise
from operators.media.video_files import CANONICAL, MUXERS, Plan, Source


def plan(given: Source, parameters: dict[str, Any]) -> Plan:
    """How the video is made; odd sides lose a pixel, anamorphic pictures get square pixels."""
    container = parameters["OutputFormat"]
    taken = codecs.CONTAINERS[container]
    codec, heard = parameters.get("Codec", taken.video[0]), parameters.get("AudioCodec", taken.audio[0])
    size = video_files.even(given.video.width, given.video.height)
    scaled = size != (given.video.width, given.video.height) or not given.video.square
    filters = ("-vf", f"scale={size[0]}:{size[1]},setsar=1") if scaled else ()
    pictures = (*filters, *video_files.encoded(codec, container, parameters.get("Crf"), parameters["Preset"]))
    seconds = given.facts.seconds if given.facts.exact else None
    promise = Promise(MUXERS[container], CANONICAL.get(codec, codec), heard if given.audio else None, size, seconds)
    return Plan(container, pictures, video_files.sound(given, heard), promise)


@operator(configuration_schema=media.configuration_schema("VideoConvert"))
def lambda_handler(task: Task) -> None:
    parameters = operation.parameters(task, "VideoConvert")
    limit = operation.deadline(task)
    given = video_files.source(task)
    given.video.demand_there()
    made = video_files.make(task, given, plan(given, parameters), limit, given.facts.seconds)
    video_files.publish(task, *made)
