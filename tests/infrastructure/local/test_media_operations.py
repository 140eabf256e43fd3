"""A new stack has the media operations: files are converted on it by the command line, as a user does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from infrastructure.local.embedded import EmbeddedAws
from mediawright.cli.app import app
from mediawright.client import Client
from mediawright.media import NAMES
from operators.media.probe import probe
from operators.media.sample import render_clip

Mediawright = Callable[..., Result]


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(port=0, aws_port=0, parameters={"RegisterMediaOperations": "Yes"}) as embedded:
        yield embedded


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 3)


@pytest.fixture
def mediawright(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mediawright:
    monkeypatch.setenv("MEDIAWRIGHT_ENDPOINT", aws.api_url)
    monkeypatch.setenv("MEDIAWRIGHT_CONFIG", str(tmp_path / "settings"))
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_every_operation_is_registered_with_a_workflow_of_its_own(aws: EmbeddedAws) -> None:
    with Client(aws.api_url) as client:
        names = {workflow["Name"] for workflow in client.workflows()}

    assert {f"Run{name}" for name in NAMES} <= names


def test_a_photo_a_clip_and_its_sound(mediawright: Mediawright, clip: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.linear_gradient("L").convert("RGB").save(photo)

    for words in (
        ("convert", photo, tmp_path / "photo.avif"),
        ("trim", clip, tmp_path / "part.mp4", "--start", "1", "--end", "2"),
        ("convert", clip, tmp_path / "sound.mp3"),
        ("thumbnail", clip, tmp_path / "still.webp"),
    ):
        done = mediawright(*words)
        assert done.exit_code == 0, done.output

    with Image.open(tmp_path / "photo.avif") as made:
        assert made.format == "AVIF"
    assert probe(tmp_path / "part.mp4").seconds == pytest.approx(1, abs=0.1)
    assert probe(tmp_path / "sound.mp3").needed_audio().codec == "mp3"
    with Image.open(tmp_path / "still.webp") as still:
        assert still.size == (640, 360)


def test_a_file_that_will_never_do_fails_once_with_its_reason(
    aws: EmbeddedAws, mediawright: Mediawright, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"this is no picture" * 99)

    failed = mediawright("convert", broken, tmp_path / "out.webp", "--json")

    told: dict[str, Any] = json.loads(failed.stdout)
    assert failed.exit_code == 1
    assert "the file is no picture of a known format" in told["Error"]["Message"]
    with Client(aws.api_url) as client:
        assert client.execution(told["Run"])["Status"] == "Error"
    assert not (tmp_path / "out.webp").exists()


def test_a_long_operation_shows_how_far_it_is(aws: EmbeddedAws, tmp_path: Path) -> None:
    clip = render_clip(tmp_path / "long.mp4", 6)
    seen: list[int] = []
    slow = {"_VideoConvert": {"VideoConvert": {"OutputFormat": "webm", "Preset": "veryslow"}}}

    with Client(aws.api_url) as client:
        bucket, key = client.upload(clip)
        media = {"Video": {"S3Bucket": bucket, "S3Key": key}}
        run_id = client.start(workflow="RunVideoConvert", media=media, configuration=slow)["Id"]
        ended = client.wait(run_id, lambda run: seen.extend(_progress(run)), timeout=120)

    *while_running, at_the_end = seen
    assert ended["Status"] == "Complete"
    assert while_running
    assert while_running == sorted(while_running)
    assert 0 < while_running[0] <= while_running[-1] <= 99
    assert at_the_end == 100


def _progress(run: Any) -> list[int]:
    return list(run["Workflow"]["Stages"]["_VideoConvert"].get("Progress", {}).values())
