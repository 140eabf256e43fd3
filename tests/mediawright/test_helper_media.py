from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fake_lambda import FakeLambda

from mediawright import DataPlane, InvalidInput, OperatorError, Task

STORAGE = (200, {"S3Bucket": "media", "S3Key": "private/assets/asset-1/workflows/run-1/"})


@pytest.fixture
def task(event: dict[str, Any]) -> Task:
    return Task(event, dataplane=DataPlane("plane", FakeLambda(STORAGE)))


def test_a_download_lands_in_the_working_directory(task: Task, s3: Any) -> None:
    s3.put_object(Bucket="media", Key="in/clip.mp4", Body=b"frames")

    path = task.download()

    assert (path.name, path.read_bytes(), path.parent) == ("clip.mp4", b"frames", task.directory)
    task.close()
    assert not path.exists()


def test_a_download_goes_where_it_is_told(task: Task, s3: Any, tmp_path: Path) -> None:
    s3.put_object(Bucket="media", Key="in/clip.mp4", Body=b"frames")

    assert task.download("Video", tmp_path / "deep" / "x.mp4").read_bytes() == b"frames"


def test_a_media_object_that_is_gone_is_invalid_input(task: Task, s3: Any) -> None:
    with pytest.raises(InvalidInput, match=r"s3://media/in/clip\.mp4 does not exist"):
        task.download()


def test_an_upload_lies_under_the_runs_media_path_in_the_operations_folder(
    task: Task, s3: Any, tmp_path: Path
) -> None:
    (tmp_path / "frame.jpg").write_bytes(b"jpeg")

    bucket, key = task.upload(tmp_path / "frame.jpg", "frames/1.jpg")

    assert (bucket, key) == ("media", "private/assets/asset-1/workflows/run-1/op-a/frames/1.jpg")
    stored = s3.get_object(Bucket=bucket, Key=key)
    assert (stored["Body"].read(), stored["ContentType"]) == (b"jpeg", "image/jpeg")


@pytest.mark.parametrize("name", ["", "../x", "/x", "a//b", "a/../../b", "."])
def test_a_name_that_leads_out_of_the_folder_is_refused(task: Task, tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match="is no name for a media file"):
        task.upload(tmp_path / "frame.jpg", name)
