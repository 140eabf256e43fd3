from __future__ import annotations

import io

import pytest
from PIL import Image

from mediawright import InvalidInput
from tests.operators.media.conftest import BOTH, Render, Run, pixel, sine


def test_loudness_of_a_tone_is_is_the_standards_and_the_gain_leads_to_the_target(run: Run, render: Render) -> None:
    run.add("Audio", render("tone.wav", *sine(5), *BOTH))

    output = run.operate("Loudness", TargetLufs=-23)

    found = output["MetaData"]["Loudness"]
    assert found["IntegratedLufs"] == pytest.approx(-18.06, abs=0.15)
    assert found["GainToTargetDb"] == pytest.approx(-4.94, abs=0.15)
    assert found["RangeLu"] == pytest.approx(0, abs=0.1)
    assert run.documents["Loudness"] == found


def test_a_tone_twice_as_loud_is_six_decibels_louder(run: Run, render: Render) -> None:
    run.add("Audio", render("tone.flac", *sine(2)))
    one = run.operate("Loudness")["MetaData"]["Loudness"]["IntegratedLufs"]
    run.add("Audio", render("louder.flac", *sine(2, volume=2)))

    assert run.operate("Loudness")["MetaData"]["Loudness"]["IntegratedLufs"] - one == pytest.approx(6.02, abs=0.1)


def test_a_peak_too_high_is_said(run: Run, render: Render) -> None:
    run.add("Audio", render("hot.wav", *sine(2, volume=8)))

    assert run.operate("Loudness")["MetaData"]["Loudness"]["TruePeakTooHigh"] is True


def test_the_range_of_a_sound_too_short_for_it_is_not_told(run: Run, render: Render) -> None:
    run.add("Audio", render("short.wav", *sine(3.1)))

    found = run.operate("Loudness")["MetaData"]["Loudness"]

    assert found["RangeLu"] is None
    assert found["IntegratedLufs"] == pytest.approx(-21.07, abs=0.15)


@pytest.mark.parametrize(
    "arguments",
    [("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo:d=2"), sine(0.05)],
    ids=["silence", "too short to measure"],
)
def test_what_has_no_loudness_has_none_rather_than_a_number(
    run: Run, render: Render, arguments: tuple[str, ...]
) -> None:
    run.add("Audio", render("quiet.wav", *arguments))

    found = run.operate("Loudness")["MetaData"]["Loudness"]

    assert found["IntegratedLufs"] is None
    assert found["GainToTargetDb"] is None


def test_waveform_gives_peaks_and_a_picture_of_them(run: Run, render: Render) -> None:
    run.add("Audio", render("half.wav", *sine(2, volume=4), "-af", "apad=pad_dur=2"))

    run.operate("Waveform", Points=40, Width=200, Height=50)

    document = run.documents["Waveform"]
    assert document["Seconds"] == pytest.approx(4, abs=0.05)
    assert len(document["Peaks"]) == 40
    sounding, still = document["Peaks"][5], document["Peaks"][30]
    assert sounding[1] == pytest.approx(0.5, abs=0.03)
    assert sounding[0] == pytest.approx(-0.5, abs=0.03)
    assert still == [0, 0]
    picture = Image.open(io.BytesIO(run.made("Waveform")))
    assert (picture.format, picture.size, picture.mode) == ("PNG", (200, 50), "RGBA")
    drawn = [sum(pixel(picture, x, y)[3] > 0 for y in range(50)) for x in (20, 180)]
    assert drawn[0] > 20 > drawn[1]


def test_silences_are_found_in_the_middle_and_at_the_end(run: Run, render: Render) -> None:
    pause = "volume=0:enable='between(t,1,2)',apad=pad_dur=1"
    run.add("Audio", render("pauses.wav", *sine(3), "-af", pause))

    run.operate("SilenceDetection")

    found = run.documents["SilenceDetection"]
    assert [(silence["Start"], silence["End"]) for silence in found["Silences"]] == [
        (pytest.approx(1, abs=0.05), pytest.approx(2, abs=0.05)),
        (pytest.approx(3, abs=0.05), pytest.approx(4, abs=0.05)),
    ]
    assert found["SilentSeconds"] == pytest.approx(2, abs=0.1)


def test_a_sound_without_pause_has_no_silence(run: Run, render: Render) -> None:
    run.add("Audio", render("tone.wav", *sine(3), "-ac", "2"))

    assert run.operate("SilenceDetection")["MetaData"]["SilenceDetection"]["Silences"] == 0


def test_mediainfo_of_a_sound_file(run: Run, render: Render) -> None:
    run.add("Audio", render("tone.mp3", *sine(1)))

    run.operate("MediainfoAudio")

    assert [track["track_type"] for track in run.documents["MediainfoAudio"]["tracks"]] == ["General", "Audio"]


def test_a_sound_that_changes_its_channels_on_the_way_is_measured_to_the_end(run: Run, render: Render) -> None:
    parts = [render(f"{number}.ac3", *sine(2), "-ac", str(number)) for number in (2, 1, 2)]
    run.add("Audio", b"".join(part.read_bytes() for part in parts))

    for operation in ("Loudness", "Waveform", "SilenceDetection"):
        run.operate(operation)

    assert run.documents["Waveform"]["Seconds"] == pytest.approx(6, abs=0.2)
    assert run.documents["Loudness"]["IntegratedLufs"] == pytest.approx(-21.1, abs=0.5)


@pytest.mark.parametrize("operation", ["Loudness", "Waveform", "SilenceDetection"])
def test_what_is_no_sound_is_invalid_input(run: Run, render: Render, operation: str) -> None:
    run.add("Audio", render("mute.mp4", "-f", "lavfi", "-i", "color=size=64x64:duration=1"))
    with pytest.raises(InvalidInput, match="no audio stream"):
        run.operate(operation)

    run.add("Audio", b"no sound at all" * 100)
    with pytest.raises(InvalidInput, match="no video or audio that can be decoded"):
        run.operate(operation)
