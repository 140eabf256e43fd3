"""Loudness as EBU R128 measures it (ITU-R BS.1770 gates, EBU Tech 3342 range), with libavfilter's `ebur128`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from av.audio.frame import AudioFrame

from operators.media.filters import filtered

GATE_LUFS = -70.0
"""The absolute gate: what stays below it has no integrated loudness."""
RANGE_VALUES = 10
"""Short-term values from which on the range means something: the filter takes their 10th percentile."""
CEILING_DBTP = -1.0
"""The highest true peak that EBU R128 permits."""


class LoudnessMeter:
    """Measures sound that passes through."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}
        self._momentary = -math.inf
        self._short_term = -math.inf
        self._short_terms = 0

    def measure(self, frames: Iterable[AudioFrame]) -> None:
        """Take in a whole stream of sound."""
        for _ in self.passing(frames):
            pass

    def passing(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """Yield the sound again, as floats of double precision at the same rate, and take its measure."""
        for frame in filtered(frames, ("ebur128", "metadata=1:peak=true")):
            found = frame.metadata
            if "lavfi.r128.I" in found:
                self._keep(found)
            yield frame

    def report(self) -> dict[str, float | bool | None]:
        """Return what was measured; None where there is nothing to measure.

        That is so in silence and below 0.4 s, for the range (of windows of 3 s) below 4 s.
        """
        integrated = _number(self._last.get("lavfi.r128.I", "nan"))
        peak = _decibels(_number(self._last.get("lavfi.r128.true_peak", "nan")))
        audible = integrated > GATE_LUFS
        ranged = self._short_terms >= RANGE_VALUES
        return {
            "IntegratedLufs": round(integrated, 2) if audible else None,
            "RangeLu": round(_number(self._last["lavfi.r128.LRA"]), 2) if ranged else None,
            "TruePeakDbtp": peak,
            "MaxMomentaryLufs": _above_gate(self._momentary),
            "MaxShortTermLufs": _above_gate(self._short_term),
            "TruePeakTooHigh": peak is not None and peak > CEILING_DBTP,
        }

    def _keep(self, found: dict[str, str]) -> None:
        short_term = _number(found["lavfi.r128.S"])
        self._last = found
        self._momentary = max(self._momentary, _number(found["lavfi.r128.M"]))
        self._short_term = max(self._short_term, short_term)
        self._short_terms += short_term > GATE_LUFS


def _number(text: str) -> float:
    number = float(text)
    return -math.inf if math.isnan(number) else number


def _above_gate(lufs: float) -> float | None:
    return round(lufs, 2) if lufs > GATE_LUFS else None


def _decibels(amplitude: float) -> float | None:
    return round(20 * math.log10(amplitude), 2) if amplitude > 0 else None
