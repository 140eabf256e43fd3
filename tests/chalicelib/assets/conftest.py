"""The API over a versioned data bucket, and assets to begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.assets import store
from chalicelib.aws.clients import client
from tests.chalicelib.api import Api, Reply, serve

BUCKET = "test-data"


@pytest.fixture
def api(aws: None) -> Api:
    store._put_month.cache_clear()
    client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return serve()


@pytest.fixture
def new_asset(api: Api) -> Callable[..., str]:
    """Makes assets of objects that it writes; answers their ids."""

    def make(key: str = "upload/clip.mp4", media_type: str = "Video") -> str:
        client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"media")
        answer = api("POST", "/create", {"Input": {"MediaType": media_type, "S3Bucket": BUCKET, "S3Key": key}})
        assert answer.status == 200, answer
        asset_id: str = answer.body["AssetId"]
        return asset_id

    return make


@pytest.fixture
def asset(new_asset: Callable[..., str]) -> str:
    return new_asset()


@pytest.fixture
def keep(api: Api) -> Callable[..., Reply]:
    """Stores results of an operator; `query` makes them a page."""

    def post(asset_id: str, operator: str, results: Any, query: str = "", workflow: str = "run-1") -> Reply:
        body = {"OperatorName": operator, "WorkflowId": workflow, "Results": results}
        return api("POST", f"/metadata/{asset_id}{query}", body)

    return post


def object_keys(prefix: str = "private/") -> list[str]:
    """The keys of all objects below a prefix that have any version left."""
    answer = client("s3").list_object_versions(Bucket=BUCKET, Prefix=prefix)
    return sorted({entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in answer.get(kind, [])})


def pages(api: Api, path: str) -> list[Any]:
    """All answers of a cursor loop."""
    answers = [api("GET", path)]
    while "cursor" in answers[-1].body:
        answers.append(api("GET", f"{path}?cursor={answers[-1].body['cursor']}"))
    assert {answer.status for answer in answers} == {200}
    return [answer.body for answer in answers]
