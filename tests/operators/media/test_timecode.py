from __future__ import annotations

from fractions import Fraction

import pytest

from operators.media.timecode import timecode

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("frame", "rate", "expected"),
    [
        (0, Fraction(25), "00:00:00:00"),
        (24, Fraction(25), "00:00:00:24"),
        (25 * 3661 + 3, Fraction(25), "01:01:01:03"),
        (24 * 60, Fraction(24000, 1001), "00:01:00:00"),
        (1799, NTSC, "00:00:59;29"),
        (1800, NTSC, "00:01:00;02"),
        (17981, NTSC, "00:09:59;29"),
        (17982, NTSC, "00:10:00;00"),
        (107892, NTSC, "01:00:00;00"),
        (3600, Fraction(60000, 1001), "00:01:00;04"),
    ],
)
def test_timecode_of_a_frame(frame: int, rate: Fraction, expected: str) -> None:
    assert timecode(frame, rate) == expected


def test_drop_frame_codes_never_repeat_and_never_use_a_dropped_label() -> None:
    codes = [timecode(frame, NTSC) for frame in range(40000)]

    assert len(set(codes)) == len(codes)
    assert not [code for code in codes if code[6:] in ("00;00", "00;01") and code[4] != "0"]
