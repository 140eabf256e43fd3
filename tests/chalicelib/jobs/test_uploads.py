"""Uploads: forms, and parts where a form takes too little."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, objects
from chalicelib.aws import settings as engine_settings
from chalicelib.aws.clients import client
from chalicelib.jobs import bucket, multipart, uploads
from chalicelib.jobs.errors import MissingUpload, TooLargeFile, UnknownUpload
from chalicelib.jobs.multipart import Part
from chalicelib.web.errors import BadRequestError

pytestmark = pytest.mark.usefixtures("aws")
MIB = 1024 * 1024
PART = 5 * MIB
"""The least that S3 takes for a part that isn't the last."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms take 1 MiB and parts have 5, a file may have 20."""
    monkeypatch.setenv("MAX_UPLOAD_MEGABYTES", "20")
    engine_settings.settings.cache_clear()
    monkeypatch.setattr(bucket, "FORM_BYTES", MIB)
    monkeypatch.setattr(multipart, "PART_BYTES", PART)


def begun(size: float = PART + MIB) -> dict[str, Any]:
    return uploads.grant("ada", {"filename": "film.mov", "size": size})


def put_parts(granted: dict[str, Any]) -> list[Part]:
    """Upload the parts, as whoever holds the addresses would."""
    upload = uploads.read("ada", granted["upload_id"])
    parts = []
    for part in granted["parts"]:
        number = part["part_number"]
        answer = client("s3").upload_part(
            Bucket="test-data",
            Key=upload.key,
            UploadId=upload.begun,
            PartNumber=number,
            Body=bytes([number]) * (PART if number < len(granted["parts"]) else MIB),
        )
        parts.append(Part(number, answer["ETag"]))
    return parts


@pytest.mark.usefixtures("small")
def test_a_size_is_a_whole_number_however_it_is_written() -> None:
    assert [part["part_number"] for part in begun(float(PART + MIB))["parts"]] == [1, 2]


@pytest.mark.usefixtures("small")
def test_a_file_beyond_a_form_comes_in_parts() -> None:
    granted = begun()

    assert [part["part_number"] for part in granted["parts"]] == [1, 2]
    assert all("partNumber=" in part["url"] and "X-Amz-Signature=" in part["url"] for part in granted["parts"])
    uploads.complete("ada", granted["upload_id"], put_parts(granted))

    head = objects.head("test-data", uploads.read("ada", granted["upload_id"]).key)
    assert head is not None
    assert head["ContentLength"] == PART + MIB


@pytest.mark.usefixtures("small")
def test_putting_it_together_again_changes_nothing() -> None:
    granted = begun()
    parts = put_parts(granted)

    for _ in range(2):
        uploads.complete("ada", granted["upload_id"], parts)


@pytest.mark.usefixtures("small")
def test_parts_that_were_not_uploaded_are_refused() -> None:
    granted = begun()
    first, second = put_parts(granted)

    for wrong in ([Part(1, '"0123"'), second], [second, first], [Part(3, first.etag)]):
        with pytest.raises(BadRequestError, match="parts: "):
            uploads.complete("ada", granted["upload_id"], wrong)


@pytest.mark.usefixtures("small")
def test_what_was_given_up_is_missing_and_what_was_put_together_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 knows an upload no more in either case; moto fails where it doesn't."""
    granted, finished = begun(), begun()
    parts, others = put_parts(granted), put_parts(finished)
    uploads.complete("ada", finished["upload_id"], others)

    def unknown(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "NoSuchUpload"}}, "CompleteMultipartUpload")

    monkeypatch.setattr(client("s3"), "complete_multipart_upload", unknown)
    with pytest.raises(MissingUpload):
        uploads.complete("ada", granted["upload_id"], parts)
    uploads.complete("ada", finished["upload_id"], others)


@pytest.mark.usefixtures("small")
def test_an_upload_by_form_has_no_parts_and_one_of_somebody_else_is_unknown() -> None:
    form = uploads.grant("ada", {"size": MIB})
    parts = begun()

    with pytest.raises(UnknownUpload):
        uploads.complete("ada", form["upload_id"], [Part(1, "x")])
    with pytest.raises(UnknownUpload):
        uploads.complete("bob", parts["upload_id"], [Part(1, "x")])


@pytest.mark.usefixtures("small")
def test_more_than_a_file_may_have_is_refused_before_anything_is_begun() -> None:
    with pytest.raises(TooLargeFile):
        begun(20 * MIB + 1)

    assert "Uploads" not in client("s3").list_multipart_uploads(Bucket="test-data")


def test_an_upload_is_forgotten_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    granted = uploads.grant("ada", {})
    later = clock.seconds() + uploads.KEPT_SECONDS + 1
    monkeypatch.setattr(clock, "time_source", lambda: later)

    with pytest.raises(UnknownUpload):
        uploads.read("ada", granted["upload_id"])
