"""Whose a file is, and which files of a batch become jobs."""

from __future__ import annotations

import json

import pytest
from chalice.test import Client

from chalicelib.accounts import tokens
from chalicelib.assets import store as assets
from chalicelib.aws import clock, transaction
from chalicelib.aws.clients import client
from chalicelib.jobs import kinds, sources, starting, uploads
from chalicelib.jobs.errors import ForeignMedia, MissingUpload, UnknownUpload
from chalicelib.jobs.starting import Rejected, Wanted

pytestmark = pytest.mark.usefixtures("aws")
WEBP = kinds.KINDS[0]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
UPLOAD = "private/uploads/ada/8f6a2d0e-2b7c-4a4e-8f0f-6f1c2d3e4f50"


def put(key: str) -> str:
    client("s3").put_object(Bucket="test-data", Key=key, Body=PNG)
    return key


def made_of(key: str, asset_id: str) -> str:
    """What a job made of a file; the file is an asset since."""
    transaction.commit(assets.asset_writes_new(asset_id, "Image", "test-data", key, clock.now(), None))
    return put(f"private/assets/{asset_id}/workflows/run-of-{asset_id}/image.webp")


def refer(user: str, key: str) -> str:
    return sources.referred(user, WEBP, {"S3Bucket": "test-data", "S3Key": key}).key


def test_what_jobs_made_of_each_others_results_is_whose_the_first_upload_is() -> None:
    first = made_of(put(UPLOAD), "first")
    second = made_of(first, "second")
    third = made_of(second, "third")

    for key in (UPLOAD, first, second, third):
        assert refer("ada", key) == key
        with pytest.raises(ForeignMedia):
            refer("bob", key)
    assert sources.referred("ada", WEBP, {"asset_id": "third"}).asset_id == "third"
    with pytest.raises(ForeignMedia):
        sources.referred("bob", WEBP, {"asset_id": "third"})


def test_an_asset_that_lies_in_its_own_results_is_nobodys() -> None:
    key = made_of("private/assets/loop/workflows/run-of-loop/image.webp", "loop")

    with pytest.raises(ForeignMedia):
        refer("ada", key)


@pytest.mark.parametrize(
    "key",
    [
        "private/assets//workflows/r/x.webp",
        "private/assets/nobody/workflows/r/x.webp",
        "private/uploads/ada",
        "private/uploads/adam/8f6a2d0e",
        "private/uploads/bob/../ada/8f6a2d0e",
        "private/executions/x",
    ],
)
def test_other_keys_of_the_bucket_are_nobodys(key: str) -> None:
    with pytest.raises(ForeignMedia):
        refer("ada", put(key))


def test_uploads_that_are_not_there_are_told_of_in_a_partial_batch() -> None:
    granted = uploads.grant("ada", {})["upload_id"]
    wanted = Wanted("ada", WEBP, {})

    made = starting.many(wanted, ["unknown", granted], [], True)

    assert [one.name for one in made if isinstance(one, Rejected)] == ["unknown", granted]
    with pytest.raises(UnknownUpload):
        starting.many(wanted, ["unknown"], [], False)
    with pytest.raises(MissingUpload):
        starting.many(wanted, [granted], [], False)


def test_a_request_that_may_come_again_is_given_no_secret_that_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    import app

    monkeypatch.setattr(tokens, "subject", lambda _: "ada")
    headers = {"Content-Type": "application/json", "Authorization": "Bearer x", "Idempotency-Key": "k"}
    body = {"upload_id": "x", "webhook_url": "https://example.com/jobs"}
    answer = Client(app.app).http.post(WEBP.path, headers=headers, body=json.dumps(body).encode())

    assert answer.status_code == 422
    assert json.loads(answer.body)["detail"][0]["loc"] == ["body", "webhook_secret"]
