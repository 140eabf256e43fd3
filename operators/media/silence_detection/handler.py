"""`SilenceDetection`: where nothing is heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from av.audio.frame import AudioFrame

from mediawright import InvalidInput, Task, operator
from operators.media import operation
from operators.media.containers import Decoder, audio_stream, opened
from operators.media.deadline import Deadline
from operators.media.filters import filtered
from operators.media.sound import uniform


def silences(source: Path, threshold: float, shortest: float, deadline: Deadline) -> dict[str, Any]:
    """Return the stretches (seconds) in which all channels stay below a level (dBFS)."""
    changes: list[tuple[str, float]] = []
    begin = end = None
    with opened(source) as container:
        decoder = Decoder[AudioFrame](container, audio_stream(container), deadline)
        detector = ("silencedetect", f"noise={threshold:g}dB:duration={shortest:g}")
        for frame in filtered(uniform(decoder.frames()), ("asetnsamples", "n=512:p=0"), detector):
            begin = _time(frame) if begin is None else begin
            end = _time(frame) + frame.samples / frame.sample_rate
            for kind in ("start", "end"):
                if found := frame.metadata.get(f"lavfi.silence_{kind}"):
                    changes.append((kind, float(found)))
    if begin is None or end is None:
        raise InvalidInput("no sound can be decoded")
    found_silences = _stretches(changes, begin, end)
    silent = sum(stretch["Seconds"] for stretch in found_silences)
    return {
        "Silences": found_silences,
        "Seconds": round(end - begin, 3),
        "SilentSeconds": round(silent, 3),
        "DamagedPackets": decoder.damaged,
    }


def _time(frame: AudioFrame) -> float:
    return frame.time or 0.0


def _stretches(changes: list[tuple[str, float]], begin: float, end: float) -> list[dict[str, float]]:
    """A silence that lasts to the end of the file is never reported as ended."""
    if changes and changes[-1][0] == "start":
        changes = [*changes, ("end", end)]
    starts = [max(0.0, at - begin) for kind, at in changes if kind == "start"]
    ends = [at - begin for kind, at in changes if kind == "end"]
    return [
        {"Start": round(first, 3), "End": round(last, 3), "Seconds": round(last - first, 3)}
        for first, last in zip(starts, ends, strict=True)
    ]


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    configuration = {"ThresholdDb": -50, "MinSeconds": 0.5, **task.configuration}
    found = silences(
        operation.fetched(task), configuration["ThresholdDb"], configuration["MinSeconds"], operation.deadline(task)
    )
    summary = {"Silences": len(found["Silences"]), "SilentSeconds": found["SilentSeconds"]}
    operation.report(task, found, summary)
