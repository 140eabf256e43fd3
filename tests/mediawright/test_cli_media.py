"""`mediawright convert`, `resize`, `trim` and `thumbnail`, against an API that answers what it is told."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from click.testing import Result
from fake_api import FakeApi, Received, Reply

Run = Callable[..., Result]


@pytest.fixture
def engine(api: FakeApi) -> FakeApi:
    """An API whose runs complete, and make of a file what its name says twice; that of a `bad...` file fails."""
    api.with_bucket()
    numbers = itertools.count()
    begun: dict[str, Any] = {}

    def start(request: Received) -> Any:
        run_id = f"r{next(numbers)}"
        begun[run_id] = request.json
        return {"Id": run_id, "Status": "Queued"}

    def read(request: Received) -> Any:
        run_id = request.path.rsplit("/", 1)[1]
        operation = begun[run_id]["Name"].removeprefix("Run")
        [place] = begun[run_id]["Input"]["Media"].values()
        if PurePosixPath(place["S3Key"]).name.startswith("bad"):
            return {"Id": run_id, "Status": "Error", "Message": "Stage _X: InvalidInput: the file is damaged"}
        parameters = begun[run_id]["Configuration"][f"_{operation}"][operation]
        ending = parameters.get("OutputFormat", "mp4")
        makes = "Image" if operation == "VideoThumbnail" else operation[:5]
        key = f"private/{run_id}/made.{ending}"
        api.objects[key] = api.objects[place["S3Key"]] * 2
        return {"Id": run_id, "Status": "Complete", "Globals": {"Media": {makes: {"S3Bucket": "data", "S3Key": key}}}}

    api.on("POST", "/workflow/execution", start)
    api.on("GET", "/workflow/execution/[^/]+", read)
    return api


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "photo.jpg",
        "clip.mp4",
        "clip.webm",
        "song.wav",
        "photos/a.png",
        "photos/b.TIFF",
        "photos/note.txt",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def begun(api: FakeApi) -> list[tuple[str, Any]]:
    """The workflows that were started, with the parameters of their operation."""
    found = []
    for request in api.requests:
        if request.method == "POST" and request.path.endswith("/workflow/execution"):
            [operations] = request.json["Configuration"].values()
            [parameters] = operations.values()
            found.append((request.json["Name"], parameters))
    return found


@pytest.mark.parametrize(
    ("words", "workflow", "parameters"),
    [
        ("convert photo.jpg out.webp --quality 70", "RunImageConvert",
         {"MediaType": "Image", "OutputFormat": "webp", "Quality": 70}),
        ("convert photo.jpg out.JPEG", "RunImageConvert", {"MediaType": "Image", "OutputFormat": "jpg"}),
        ("convert clip.webm out.mp4 --codec h265 --crf 30", "RunVideoConvert",
         {"MediaType": "Video", "OutputFormat": "mp4", "Codec": "h265", "Crf": 30}),
        ("convert clip.mp4 out.mp3 --normalize", "RunAudioConvert",
         {"MediaType": "Video", "OutputFormat": "mp3", "Normalize": True}),
        ("convert song.wav out.flac", "RunAudioConvert", {"MediaType": "Audio", "OutputFormat": "flac"}),
        ("resize photo.jpg out.png --width 5 --fit pad --background #ff0000", "RunImageResize",
         {"MediaType": "Image", "Width": 5, "Fit": "pad", "OutputFormat": "png", "Background": "#ff0000"}),
        ("resize clip.mp4 out.mp4 --height 90 --stretch", "RunVideoResize",
         {"MediaType": "Video", "Height": 90, "KeepAspect": False}),
        ("trim clip.mp4 out.mp4 --start 00:00:01 --end 2.5", "RunVideoTrim",
         {"MediaType": "Video", "StartTime": "00:00:01", "EndTime": "2.5", "Mode": "accurate"}),
        ("thumbnail clip.mp4 out.jpg --at 3", "RunVideoThumbnail",
         {"MediaType": "Video", "Timestamp": "3", "OutputFormat": "jpg"}),
    ],
)  # fmt: skip
def test_a_file_is_made_by_the_operations_own_workflow(
    engine: FakeApi, run: Run, files: Path, words: str, workflow: str, parameters: dict[str, Any]
) -> None:
    result = run(*words.split())

    source, target = words.split()[1:3]
    assert result.exit_code == 0, result.output
    assert begun(engine) == [(workflow, parameters)]
    assert (files / target).read_bytes() == (files / source).read_bytes() * 2
    assert re.fullmatch(rf"{source} -> {target} \(\d+ bytes\)\n", result.stdout)


@pytest.mark.parametrize("source", ["photos", "photos/*.*[gF]"])
def test_many_files_become_many(engine: FakeApi, run: Run, files: Path, source: str) -> None:
    result = run("convert", source, "small", "--to", "webp", "--json")

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (files / "small").iterdir()) == ["a.webp", "b.webp"]
    assert [Path(document["Output"]).name for document in json.loads(result.stdout)] == ["a.webp", "b.webp"]


def test_of_a_folder_what_the_format_cannot_be_made_of_is_skipped_and_told(
    engine: FakeApi, run: Run, files: Path
) -> None:
    for name in ("clip.mp4", "notes.txt", "README", ".hidden.jpg"):
        (files / "photos" / name).write_bytes(b"x")

    result = run("convert", "photos", "small", "--to", "webp")

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (files / "small").iterdir()) == ["a.webp", "b.webp"]
    for name in ("clip.mp4", "notes.txt", "README"):
        assert f"skipped: webp can't be made of {name}" in result.stderr
    assert "hidden" not in result.stderr


def test_a_wrong_option_is_told_whatever_else_a_folder_has(engine: FakeApi, run: Run, files: Path) -> None:
    (files / "photos" / "README").write_bytes(b"x")

    result = run("convert", "photos", "small", "--to", "webp", "--background", "red")

    assert result.exit_code == 2
    assert "#rrggbb" in result.stderr
    assert engine.requests == []


def test_what_is_skipped_does_not_count_for_the_most_files(
    engine: FakeApi, run: Run, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("notes.txt", "README"):
        (files / "photos" / name).write_bytes(b"x")

    monkeypatch.setattr("mediawright.cli.conversions.MOST_FILES", 2)
    assert run("convert", "photos", "small", "--to", "webp").exit_code == 0
    monkeypatch.setattr("mediawright.cli.conversions.MOST_FILES", 1)
    assert "2 files are more than 1" in run("convert", "photos", "small", "--to", "webp").stderr


def test_two_files_that_would_become_one_are_named(engine: FakeApi, run: Run, files: Path) -> None:
    (files / "photos" / "a.tiff").write_bytes(b"x")

    result = run("convert", "photos", "small", "--to", "webp")

    assert result.exit_code == 2
    assert re.search(r"both photos/a\.\w+ and photos/a\.\w+ would become", " ".join(result.stderr.split()))
    assert engine.requests == []


def test_one_file_is_made_in_a_folder_that_there_is(engine: FakeApi, run: Run, files: Path) -> None:
    result = run("convert", "photo.jpg", "photos", "--to", "webp")

    assert result.exit_code == 0, result.output
    assert (files / "photos" / "photo.webp").exists()


def test_one_that_fails_stops_no_other_and_is_told(engine: FakeApi, run: Run, files: Path) -> None:
    (files / "photos" / "bad.png").write_bytes(b"x")

    result = run("convert", "photos", "small", "--to", "webp")

    assert result.exit_code == 1
    assert "InvalidInput: the file is damaged" in result.stderr
    assert sorted(path.name for path in (files / "small").iterdir()) == ["a.webp", "b.webp"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("convert photo.jpg out", "no ending"),
        ("convert photo.jpg out.heic", "no format"),
        ("convert photo.jpg out.mp4", "can't be made"),
        ("convert clip.mp4 out.webp", "mediawright thumbnail"),
        ("convert photo.jpg out.webp --crf 3", "Crf: not for webp"),
        ("convert photos small", "--to"),
        ("convert photo.jpg photos", "--to"),
        ("convert photo.jpg small --to webp", "no ending"),
        ("convert photo.jpg out.png --to webp", "another format than --to webp"),
        ("convert photos small --to mp4", "can't be made"),
        ("convert photos photo.jpg --to webp", "is a file"),
        ("convert none.jpg out.webp", "there is no file"),
        ("convert photo.jpg photo.jpg", "own place"),
        ("resize photo.jpg out.webp", "--width"),
        ("resize clip.mp4 out.webm --width 5", "a mp4 file is made"),
        ("trim clip.mp4 out.mkv", "a mp4 file is made"),
        ("thumbnail clip.mp4 out.mp4", "no format of a picture"),
        ("convert clip.mp4 out.webm --codec h264", "vp9 and av1"),
        ("convert clip.webm out.mp4 --crf 60", "Crf"),
        ("convert photo.jpg out.bmp --background red", "#rrggbb"),
        ("resize photo.jpg out.webp --width 5 --fit round", "Fit"),
        ("trim clip.mp4 out.mp4 --start one", "[HH:]MM:SS"),
        ("trim clip.mp4 out.mp4 --start 3 --end 1", "after StartTime"),
        ("convert photos small --to webp --background red", "#rrggbb"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_sent(
    engine: FakeApi, run: Run, files: Path, words: str, reason: str
) -> None:
    result = run(*words.split())

    assert result.exit_code == 2
    assert reason in re.sub(r"[\s│]+", " ", result.stderr)
    assert engine.requests == []


def test_two_files_that_would_become_one_are_refused(engine: FakeApi, run: Run, files: Path) -> None:
    (files / "photos" / "a.gif").write_bytes(b"x")

    result = run("convert", "photos", "small", "--to", "webp")

    assert (result.exit_code, engine.requests) == (2, [])


def test_a_run_that_made_another_kind_of_file_is_no_success(engine: FakeApi, run: Run, files: Path) -> None:
    made = {"S3Bucket": "data", "S3Key": "private/x.mkv"}
    engine.on(
        "GET", "/workflow/execution/[^/]+",
        [Reply({"Id": "r", "Status": "Complete", "Globals": {"Media": {"Video": made}}})],
    )  # fmt: skip

    result = run("trim", "clip.mp4", "out.mp4")

    assert result.exit_code == 1
    assert ".mkv" in result.stderr
    assert not (files / "out.mp4").exists()
