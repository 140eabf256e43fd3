"""`Loudness`: how loud an audio file is, by EBU R128."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame

from mediawright import Task, operator
from operators.media import operation
from operators.media.containers import Decoder, audio_stream, opened
from operators.media.deadline import Deadline
from operators.media.loudness_meter import LoudnessMeter
from operators.media.sound import uniform


def measured(source: Path, target: float, deadline: Deadline) -> dict[str, Any]:
    """Return the loudness of a file, and the gain (dB) that would bring it to a target (LUFS)."""
    meter = LoudnessMeter()
    with opened(source) as container:
        decoder = Decoder[AudioFrame](container, audio_stream(container), deadline)
        meter.measure(uniform(decoder.frames()))
    found = meter.report()
    integrated = found["IntegratedLufs"]
    gain = None if integrated is None else round(target - integrated, 2)
    return {**found, "TargetLufs": target, "GainToTargetDb": gain, "DamagedPackets": decoder.damaged}


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    target = task.configuration.get("TargetLufs", -23)
    found = measured(operation.fetched(task), target, operation.deadline(task))
    operation.report(task, found, found)
