"""What the operators' tests share: media rendered for them, and a bucket and a data plane in memory."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from mediawright import Operator, aws
from operators.media.catalogue import Registration, registrations
from operators.media.sample import render_clip

Render = Callable[..., Path]


class Bucket:
    """Stands for boto3's S3 client."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        if key not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        Path(path).write_bytes(self.objects[key])

    def upload_file(self, path: str, bucket: str, key: str, ExtraArgs: dict[str, str]) -> None:
        self.objects[key] = Path(path).read_bytes()
        self.content_types[key] = ExtraArgs["ContentType"]


class DataPlaneFunction:
    """Stands for boto3's Lambda client, with the data plane's function behind it."""

    def __init__(self) -> None:
        self.documents: dict[str, Any] = {}

    def invoke(self, **call: Any) -> dict[str, Any]:
        event = json.loads(call["Payload"])
        reply = {"statusCode": 200, "body": json.dumps(self._answer(event))}
        return {"Payload": io.BytesIO(json.dumps(reply).encode())}

    def _answer(self, event: dict[str, Any]) -> dict[str, Any]:
        if event["resource"].startswith("/mediapath"):
            parameters = event["pathParameters"]
            prefix = f"private/assets/{parameters['asset_id']}/workflows/{parameters['workflow_id']}/"
            return {"S3Bucket": "data", "S3Key": prefix}
        body = json.loads(event["body"])
        self.documents[body["OperatorName"]] = body["Results"]
        return {"Status": "Success"}


class Run:
    """Runs operators one after the other as a workflow would: what one hands on, the next one finds."""

    def __init__(self, bucket: Bucket, data_plane: DataPlaneFunction) -> None:
        self.bucket = bucket
        self.documents = data_plane.documents
        self.media: dict[str, dict[str, str]] = {}
        self.metadata: dict[str, Any] = {}

    def add(self, media_type: str, content: Path | bytes) -> None:
        content = content if isinstance(content, bytes) else content.read_bytes()
        self.bucket.objects[f"in/{media_type}"] = content
        self.media[media_type] = {"S3Bucket": "data", "S3Key": f"in/{media_type}"}

    def operate(self, name: str, **configuration: Any) -> dict[str, Any]:
        """Call an operation with its default Configuration and these changes, and return its output."""
        registration = REGISTRATIONS[name]
        event = {
            "Name": name,
            "AssetId": "asset-1",
            "WorkflowExecutionId": "run-1",
            "Input": {"Media": self.media, "MetaData": self.metadata},
            "Configuration": {**registration.configuration, **configuration},
            "Status": "Started",
            "MetaData": {},
            "Media": {},
        }
        output = handler(registration)(json.loads(json.dumps(event)))
        self.media |= output["Media"]
        self.metadata |= output["MetaData"]
        return output

    def made(self, media_type: str) -> bytes:
        return self.bucket.objects[self.media[media_type]["S3Key"]]


REGISTRATIONS: dict[str, Registration] = {entry.name: entry for entry in registrations()}


def handler(registration: Registration) -> Operator:
    from importlib import import_module

    module, name = registration.handler.rsplit(".", 1)
    found = getattr(import_module(module), name)
    assert isinstance(found, Operator)
    return found


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    bucket, data_plane = Bucket(), DataPlaneFunction()
    clients = {"s3": bucket, "lambda": data_plane}
    monkeypatch.setattr(aws, "client", clients.__getitem__)
    monkeypatch.setenv("DataplaneEndpoint", "stack-DataPlaneHandler")
    return Run(bucket, data_plane)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, 640 x 360, 25 a second, cuts at 2 and 4 s, a tone with a pause from 2.5 to 3.5 s."""
    return render_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Make a file with ffmpeg's arguments; the same ones make it once."""
    folder = tmp_path_factory.mktemp("rendered")
    rendered: dict[tuple[str, ...], Path] = {}

    def make(name: str, *arguments: str) -> Path:
        key = (name, *arguments)
        if key not in rendered:
            path = folder / f"{len(rendered)}-{name}"
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments, str(path)]
            subprocess.run(command, check=True, capture_output=True)
            rendered[key] = path
        return rendered[key]

    return make


def pixel(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return found


BOTH = ("-af", "pan=stereo|c0=c0|c1=c0")
"""ffmpeg's arguments that give both channels the full sound; `-ac 2` would lower them by 3 dB."""


def sine(seconds: float, volume: float = 1.0, rate: int = 48000) -> tuple[str, ...]:
    """ffmpeg's arguments for a tone of 1 kHz; at volume 1 its peak is -18 dBFS."""
    return ("-f", "lavfi", "-i", f"sine=frequency=1000:sample_rate={rate}:duration={seconds},volume={volume}")
