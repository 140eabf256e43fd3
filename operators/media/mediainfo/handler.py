"""`Mediainfo`, `MediainfoAudio`, `MediainfoImage`: what a file holds, track by track, as MediaInfo says it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pymediainfo import MediaInfo

from mediawright import InvalidInput, Task, operator
from operators.media import media_types, operation

_ABOUT_OUR_COPY = re.compile(r"complete_name|folder_name|file_(name|extension|creation|last_modification).*")
_SUMMARISED = (
    "format", "duration", "width", "height", "frame_rate", "bit_rate", "channel_s", "sampling_rate", "language",
)  # fmt: skip


def tracks(path: Path) -> list[dict[str, Any]]:
    """Return the tracks of a file, the general one first. Raises InvalidInput when there is no other."""
    if not media_types.is_binary_media(path):
        raise InvalidInput("the file is no video, audio or image of a known format")
    found = json.loads(MediaInfo.parse(str(path)).to_json())["tracks"]
    if all(track["track_type"] == "General" for track in found):
        raise InvalidInput("the file has no video, audio or image track")
    return [{key: fact for key, fact in track.items() if not _ABOUT_OUR_COPY.fullmatch(key)} for track in found]


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    found = tracks(operation.fetched(task))
    summary = [{"Type": track["track_type"], **operation.some(track, _SUMMARISED)} for track in found[:20]]
    operation.report(task, {"tracks": found}, {"Tracks": summary})
