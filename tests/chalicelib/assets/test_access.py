"""Presigned uploads and downloads."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib.aws import settings
from tests.chalicelib.api import Api
from tests.chalicelib.assets.conftest import BUCKET

FIELDS = {"key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy", "x-amz-signature"}


def test_an_upload_form_allows_one_key_for_an_hour_up_to_five_gigabytes(api: Api) -> None:
    answer = api("POST", "/upload", {"S3Bucket": BUCKET, "S3Key": "upload/clip.mp4"})
    assert answer.status == 200
    assert answer.body["url"] == f"https://{BUCKET}.s3.amazonaws.com/"
    assert FIELDS <= set(answer.body["fields"]) <= FIELDS | {"x-amz-security-token"}
    conditions = json.loads(base64.b64decode(answer.body["fields"]["policy"]))["conditions"]
    assert ["content-length-range", 0, 5_368_709_120] in conditions
    assert {"key": "upload/clip.mp4"} in conditions


@pytest.mark.parametrize("key", ["uploads/a b+é'%{%.mp4", "anywhere/else", "x" * 1024])
def test_any_key_outside_the_engines_prefix_may_be_uploaded(api: Api, key: str) -> None:
    answer = api("POST", "/upload", {"S3Bucket": BUCKET, "S3Key": key})
    assert (answer.status, answer.body["fields"]["key"]) == (200, key)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("private/assets/x/doc.json", "private/"),
        ("private/", "private/"),
        ("${filename}", "${filename}"),
        ("upload/${filename}", "${filename}"),
        ("é" * 513, "1024 bytes"),
        ("x" * 1025, "S3Key"),
    ],
)
def test_no_upload_reaches_the_engines_own_objects(api: Api, key: str, message: str) -> None:
    answer = api("POST", "/upload", {"S3Bucket": BUCKET, "S3Key": key})
    assert answer.status == 400
    assert "S3Key" in answer.body["Message"]
    assert message in answer.body["Message"]


@pytest.mark.parametrize("key", ["upload/clip.mp4", "private/assets/a/workflows/w/frame 1.jpg"])
def test_downloads_answer_a_bare_address_for_an_hour(api: Api, key: str) -> None:
    answer = api("POST", "/download", {"S3Bucket": BUCKET, "S3Key": key})
    assert answer.status == 200
    url = urlsplit(answer.body)
    assert parse_qs(url.query)["X-Amz-Expires"] == ["3600"]
    assert url.hostname == f"{BUCKET}.s3.amazonaws.com"


def test_other_buckets_are_closed_but_the_external_one_may_be_read(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"S3Bucket": "library", "S3Key": "film.mxf"}
    for path in ("/upload", "/download"):
        answer = api("POST", path, given)
        assert answer.status == 400
        assert "S3Bucket" in answer.body["Message"]
    monkeypatch.setenv("EXTERNAL_BUCKET_ARN", "arn:aws:s3:::library/*")
    settings.settings.cache_clear()
    assert api("POST", "/download", given).status == 200
    assert api("POST", "/upload", given).status == 400
