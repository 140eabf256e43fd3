"""The data plane: uploads, downloads, media paths, assets and their deletion."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import asset, everything, fresh, keys, refused, uploaded
from tests.system.contract.test_operations import UUID

FIELDS = {"key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy", "x-amz-signature"}


def exists(engine: Engine, place: dict[str, str]) -> bool:
    return place["S3Key"] in keys(engine, place["S3Key"])


# -- uploads and downloads -------------------------------------------------------------------------------------


def test_a_granted_upload_is_taken_and_a_granted_download_gives_it_back(engine: Engine) -> None:
    place = {"S3Bucket": engine.bucket, "S3Key": f"upload/{fresh()} é&+.mp4"}

    form = engine.ok("POST", "upload", place)
    sent = httpx.post(form["url"], data=form["fields"], files={"file": b"the bytes"})
    granted = engine.http.post("download", json=place)
    received = httpx.get(granted.text)

    assert set(form) == {"url", "fields"}
    assert set(form["fields"]) >= FIELDS
    assert form["fields"]["key"] == place["S3Key"]
    assert sent.status_code == 204, sent.text
    assert (granted.status_code, granted.text[:4]) == (200, "http")
    assert (received.status_code, received.content) == (200, b"the bytes")


def test_bucket_and_key_are_both_required_and_no_other_bucket_is_granted(untouched: Engine) -> None:
    for path in ("upload", "download"):
        for member in ("S3Bucket", "S3Key"):
            place = {"S3Bucket": untouched.bucket, "S3Key": "upload/x"}
            del place[member]
            refused(untouched.http.post(path, json=place), 400, member)
        refused(untouched.http.post(path, json={"S3Bucket": "somebody-elses", "S3Key": "k"}), 400, "S3Bucket")


def test_no_upload_is_granted_into_what_the_engine_keeps(untouched: Engine) -> None:
    place = {"S3Bucket": untouched.bucket, "S3Key": "private/assets/x/y"}

    refused(untouched.http.post("upload", json=place), 400, "S3Key", "private/")


def test_a_media_path_is_answered_in_the_old_bytes_and_looks_nothing_up(untouched: Engine) -> None:
    answer = untouched.http.get("mediapath/asset-1/run-1")

    expected = f'{{"S3Bucket":"{untouched.bucket}","S3Key":"private/assets/asset-1/workflows/run-1/"}}'
    assert (answer.status_code, answer.text) == (200, expected)


# -- assets ----------------------------------------------------------------------------------------------------


def test_a_new_asset_is_answered_in_the_old_shape_and_its_source_stays(engine: Engine) -> None:
    place = uploaded(engine, f"uploads/{fresh()}.mp4")

    made = engine.ok("POST", "create", {"Input": {"MediaType": "Video", **place}})

    assert list(made) == ["AssetId", "MediaType", "S3Bucket", "S3Key"]
    assert UUID.fullmatch(made["AssetId"])
    assert {member: made[member] for member in place} == place
    assert made["MediaType"] == "Video"
    assert exists(engine, place)


@pytest.mark.parametrize(
    ("suffix", "content_type", "media_type"),
    [
        (".mp4", "binary/octet-stream", "Video"),
        (".wav", "binary/octet-stream", "Audio"),
        (".jpg", "binary/octet-stream", "Image"),
        (".txt", "binary/octet-stream", "Text"),
        (".bin", "video/quicktime", "Video"),
        ("", "image/png", "Image"),
        # what S3 says of the content counts before the key
        (".txt", "audio/mpeg", "Audio"),
    ],
)
def test_a_media_type_that_is_absent_is_found_out(
    engine: Engine, suffix: str, content_type: str, media_type: str
) -> None:
    place = uploaded(engine, f"uploads/{fresh()}{suffix}", content_type)

    made = engine.ok("POST", "create", {"Input": place})

    assert made["MediaType"] == media_type
    assert engine.ok("GET", f"metadata/{made['AssetId']}")["results"]["MediaType"] == media_type


def test_a_media_type_that_does_not_show_is_asked_for(engine: Engine) -> None:
    place = uploaded(engine, f"uploads/{fresh()}.bin")
    before = everything(engine)

    refused(engine.http.post("create", json={"Input": place}), 400, "MediaType")

    assert everything(engine) == before
    assert engine.ok("POST", "create", {"Input": {"MediaType": "Mine", **place}})["MediaType"] == "Mine"


def test_missing_inputs_of_an_asset_are_named_as_before(untouched: Engine) -> None:
    good = {"MediaType": "Video", "S3Bucket": untouched.bucket, "S3Key": "k"}
    bodies: dict[str, Any] = {"Input": {}}
    for member in ("S3Bucket", "S3Key"):
        bodies[member] = {"Input": {name: value for name, value in good.items() if name != member}}
    for member, body in bodies.items():
        words = f"Missing required inputs for asset creation: '{member}'"
        refused(untouched.http.post("create", json=body), 400, words)


def test_an_object_that_does_not_exist_is_refused(untouched: Engine) -> None:
    for bucket in (untouched.bucket, "no-such-bucket"):
        given = {"MediaType": "Video", "S3Bucket": bucket, "S3Key": "uploads/nobody.mp4"}
        refused(untouched.http.post("create", json={"Input": given}), 400, "uploads/nobody.mp4")


def test_assets_are_listed_by_their_ids(engine: Engine) -> None:
    made = [asset(engine) for _ in range(3)]

    listed = engine.ok("GET", "metadata")

    assert list(listed) == ["assets"]
    assert listed["assets"][:3] == made[::-1]


# -- deletion --------------------------------------------------------------------------------------------------


def test_a_deleted_asset_takes_what_the_engine_wrote_and_spares_its_source(engine: Engine) -> None:
    asset_id, other = asset(engine), asset(engine)
    source = engine.ok("GET", f"metadata/{asset_id}")["results"]["S3Key"]
    prefix = engine.ok("GET", f"mediapath/{asset_id}/run-1")["S3Key"]
    for one in (asset_id, other):
        engine.ok("POST", f"metadata/{one}", {"OperatorName": "labels", "WorkflowId": "run-1", "Results": {"a": 1}})
    uploaded(engine, f"{prefix}derived/audio.wav")
    assert len(keys(engine, f"private/assets/{asset_id}/")) == 2

    answer = engine.http.delete(f"metadata/{asset_id}")

    assert (answer.status_code, answer.text) == (200, f"Deleted asset: {asset_id} from the dataplane")
    assert keys(engine, f"private/assets/{asset_id}/") == []
    assert keys(engine, source) == [source]
    refused(engine.http.get(f"metadata/{asset_id}"), 404, asset_id)
    refused(engine.http.get(f"metadata/{asset_id}/labels"), 404, asset_id)
    assert asset_id not in engine.ok("GET", "metadata")["assets"]
    assert engine.ok("GET", f"metadata/{other}/labels")["results"] == {"a": 1}


def test_a_source_below_private_but_of_another_asset_is_spared(engine: Engine) -> None:
    first = asset(engine)
    place = uploaded(engine, engine.ok("GET", f"mediapath/{first}/run-1")["S3Key"] + "proxy.mp4")
    second = engine.ok("POST", "create", {"Input": place})["AssetId"]

    engine.http.delete(f"metadata/{second}").raise_for_status()

    assert exists(engine, place)


def test_a_locked_asset_may_be_deleted_and_its_lock_goes_too(engine: Engine) -> None:
    asset_id = asset(engine)
    engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "me"})

    assert engine.http.delete(f"metadata/{asset_id}").status_code == 200

    assert asset_id not in [lock["AssetId"] for lock in engine.ok("GET", "checkouts")["locks"]]
    refused(engine.http.post(f"checkin/{asset_id}"), 404, asset_id)


def test_an_unknown_asset_is_not_found_by_any_route(untouched: Engine) -> None:
    results = {"OperatorName": "labels", "WorkflowId": "w", "Results": {}}
    for method, path, body in (
        ("GET", "metadata/nobody", None),
        ("GET", "metadata/nobody/labels", None),
        ("POST", "metadata/nobody", results),
        ("POST", "metadata/nobody?paginated=true", results),
        ("POST", "metadata/nobody?paginated=true&end=true", results),
        ("DELETE", "metadata/nobody", None),
        ("DELETE", "metadata/nobody/labels", None),
        ("POST", "checkout/nobody", {"LockedBy": "me"}),
        ("POST", "checkin/nobody", None),
    ):
        refused(untouched.http.request(method, path, json=body), 404)


def test_a_deleted_asset_starts_no_run(engine: Engine) -> None:
    asset_id, workflow = asset(engine), engine.workflow([engine.operation("echo")])
    engine.http.delete(f"metadata/{asset_id}").raise_for_status()

    answer = engine.http.post("workflow/execution", json={"Name": workflow, "Input": {"AssetId": asset_id}})

    refused(answer, 400, asset_id)


# -- locks -----------------------------------------------------------------------------------------------------


def test_an_asset_is_checked_out_listed_and_checked_in(engine: Engine) -> None:
    asset_id = asset(engine)

    lock = engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "me"})

    assert list(lock) == ["AssetId", "LockedBy", "LockedAt"]
    assert (lock["AssetId"], lock["LockedBy"], type(lock["LockedAt"])) == (asset_id, "me", int)
    assert lock in engine.ok("GET", "checkouts")["locks"]
    answer = engine.http.post(f"checkin/{asset_id}")
    assert (answer.status_code, answer.text) == (200, f"Unlocked asset {asset_id}")
    assert lock not in engine.ok("GET", "checkouts")["locks"]
    assert engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "you"})["LockedBy"] == "you"


def test_a_locked_asset_is_a_conflict_and_the_first_lock_stays(engine: Engine) -> None:
    asset_id = asset(engine)
    lock = engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "me"})

    answer = engine.http.post(f"checkout/{asset_id}", json={"LockedBy": "you"})

    refused(answer, 409, "Unable to lock asset", asset_id)
    assert [one for one in engine.ok("GET", "checkouts")["locks"] if one["AssetId"] == asset_id] == [lock]


def test_an_asset_that_is_not_locked_is_a_conflict(engine: Engine) -> None:
    asset_id = asset(engine)

    refused(engine.http.post(f"checkin/{asset_id}"), 409, "Unable to unlock asset", asset_id)


def test_who_locks_must_be_said(engine: Engine) -> None:
    asset_id = asset(engine)

    refused(engine.http.post(f"checkout/{asset_id}", json={}), 400, "LockedBy")
    assert asset_id not in [lock["AssetId"] for lock in engine.ok("GET", "checkouts")["locks"]]


def test_a_lock_is_only_a_note_and_hinders_no_other_route(engine: Engine) -> None:
    asset_id = asset(engine)
    engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "me"})

    stored = {"OperatorName": "labels", "WorkflowId": "w", "Results": {"a": 1}}
    assert engine.ok("POST", f"metadata/{asset_id}", stored)["Status"] == "Success"
    run = engine.run(engine.workflow([engine.operation("echo")]), Input={"AssetId": asset_id})
    assert run["Status"] == "Complete"
    # and the lock is no operator's metadata
    page = engine.ok("GET", f"metadata/{asset_id}")
    assert json.dumps(page).count("Locked") == 0
    assert engine.ok("GET", f"metadata/{asset_id}?cursor={page['cursor']}")["operator"] == "labels"
