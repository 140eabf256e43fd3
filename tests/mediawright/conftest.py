"""What the helper's tests share: an operation's event, a data plane that answers what it is told, AWS in process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fake_api import FakeApi
from typer.testing import CliRunner

from mediawright import aws
from mediawright.cli.app import app
from mediawright.client import Client


@pytest.fixture
def event() -> dict[str, Any]:
    return {
        "Name": "op-a",
        "AssetId": "asset-1",
        "WorkflowExecutionId": "run-1",
        "Input": {
            "Media": {"Video": {"S3Bucket": "media", "S3Key": "in/clip.mp4"}},
            "MetaData": {"earlier": "fact"},
        },
        "Configuration": {"MediaType": "Video", "Enabled": True, "EverySeconds": 2.5},
        "Status": "Started",
        "MetaData": {},
        "Media": {},
    }


@pytest.fixture
def function_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DataplaneEndpoint", "stack-DataPlaneHandler")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """moto's S3 with a bucket `media`."""
    from moto import mock_aws

    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        aws.client.cache_clear()
        client = aws.client("s3")
        client.create_bucket(Bucket="media")
        yield client
    aws.client.cache_clear()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeApi]:
    """A fake API, in an environment without anybody's AWS settings."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MEDIAWRIGHT_")):
            monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "MEDIAWRIGHT_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / "settings" / name))
    fake = FakeApi()
    yield fake
    fake.close()


@pytest.fixture
def client(api: FakeApi) -> Iterator[Client]:
    with Client(api.endpoint, sleep=lambda seconds: None) as opened:
        yield opened


@pytest.fixture
def run(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("MEDIAWRIGHT_ENDPOINT", api.endpoint)
    runner = CliRunner()
    return lambda *words, stdin=None: runner.invoke(app, [str(word) for word in words], input=stdin)
