"""SMPTE time codes of frames."""

from __future__ import annotations

from fractions import Fraction

_DROPPED = {Fraction(30000, 1001): 2, Fraction(60000, 1001): 4}
"""Labels left out each minute, but not each tenth, so that 29.97 and 59.94 keep up with the clock (SMPTE 12M)."""


def timecode(frame: int, rate: Fraction) -> str:
    """Return `HH:MM:SS:FF` of a frame counted from 0; with `;` before FF when it is a drop-frame code."""
    nominal = max(1, round(rate))
    dropped = _DROPPED.get(rate, 0)
    if dropped:
        frame = _label(frame, nominal, dropped)
    seconds, frames = divmod(frame, nominal)
    separator = ";" if dropped else ":"
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{separator}{frames:02d}"


def _label(frame: int, nominal: int, dropped: int) -> int:
    per_minute = nominal * 60 - dropped
    tens, rest = divmod(frame, per_minute * 10 + dropped)
    minutes = 0 if rest < nominal * 60 else 1 + (rest - nominal * 60) // per_minute
    return frame + dropped * (9 * tens + minutes)
