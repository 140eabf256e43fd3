"""Deleting assets: what goes, what stays, and what an interruption leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.assets import bucket, deletion, pointers, store
from chalicelib.aws import objects, transaction
from chalicelib.aws.clients import client
from chalicelib.web.errors import UnavailableError
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.assets.conftest import BUCKET, object_keys


def test_documents_and_derived_media_go_with_all_versions_and_the_source_stays(
    api: Api, new_asset: Callable[..., str], keep: Callable[..., Reply]
) -> None:
    asset, other = new_asset(), new_asset("upload/other.mp4")
    for n in range(3):
        keep(asset, "op", {"n": n})
    keep(other, "op", {})
    frame = f"private/assets/{asset}/workflows/run-1/frame.jpg"
    client("s3").put_object(Bucket=BUCKET, Key=frame, Body=b"x")
    client("s3").delete_object(Bucket=BUCKET, Key=frame)
    answer = api("DELETE", f"/metadata/{asset}")
    assert (answer.status, answer.body) == (200, f"Deleted asset: {asset} from the dataplane")
    left = [f"private/assets/{other}/workflows/run-1/op.json", "upload/clip.mp4", "upload/other.mp4"]
    assert object_keys("") == left
    assert api("GET", "/metadata").body == {"assets": [other]}
    assert list(pointers.parts(asset)) == []
    for method, path in (
        ("GET", f"/metadata/{asset}"),
        ("GET", f"/metadata/{asset}/op"),
        ("DELETE", f"/metadata/{asset}"),
    ):
        assert api(method, path).status == 404


def test_a_source_below_the_assets_own_prefix_goes_too(api: Api) -> None:
    key = "private/assets/own/source.mp4"
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    transaction.commit(store.asset_writes_new("own", "Video", BUCKET, key, "2026-11-21T00:00:00.000001Z", None))
    assert api("DELETE", "/metadata/own").status == 200
    assert object_keys("") == []


def test_a_source_below_another_assets_prefix_stays(api: Api) -> None:
    key = "private/assets/other/source.mp4"
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    transaction.commit(store.asset_writes_new("own", "Video", BUCKET, key, "2026-11-21T00:00:00.000001Z", None))
    assert api("DELETE", "/metadata/own").status == 200
    assert object_keys("") == [key]


def test_an_asset_that_a_run_works_on_is_not_deleted(api: Api, asset: str, keep: Callable[..., Reply]) -> None:
    keep(asset, "op", {})
    transaction.commit([store.lock_for_run(asset, "run-7")])
    answer = api("DELETE", f"/metadata/{asset}")
    assert answer.status == 409
    assert "run-7" in answer.body["Message"]
    assert api("GET", f"/metadata/{asset}/op").status == 200


def test_a_locked_asset_is_deleted_and_its_lock_with_it(api: Api, asset: str) -> None:
    api("POST", f"/checkout/{asset}", {"LockedBy": "me"})
    assert api("DELETE", f"/metadata/{asset}").status == 200
    assert api("GET", "/checkouts").body == {"locks": []}


def test_an_interrupted_deletion_hides_the_asset_and_a_repeat_finishes_it(
    api: Api, asset: str, keep: Callable[..., Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(asset, "op", {})

    def crash(*_: Any) -> Any:
        raise RuntimeError("crashed")

    with monkeypatch.context() as patched:
        patched.setattr(objects, "delete_versions", crash)
        assert api("DELETE", f"/metadata/{asset}").status == 500
    assert api("GET", f"/metadata/{asset}").status == 404
    assert api("GET", "/metadata").body == {"assets": []}
    assert api("POST", f"/checkout/{asset}", {"LockedBy": "me"}).status == 404
    assert keep(asset, "op", {}).status == 404
    assert api("DELETE", f"/metadata/{asset}").status == 200
    assert object_keys() == []
    assert list(pointers.parts(asset)) == []


def test_when_time_is_up_the_rest_is_left_to_a_repeat_or_to_the_sweep(
    api: Api, asset: str, keep: Callable[..., Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_BATCH", 2)
    for n in range(5):
        keep(asset, f"op-{n}", {})
    with pytest.raises(UnavailableError):
        deletion.delete_asset(asset, seconds=-1)
    assert len(object_keys()) == 3
    assert deletion.continue_deletions(seconds=-1) == 0
    assert deletion.continue_deletions(seconds=60) == 1
    assert object_keys() == []
    assert store.deleting() == []


def test_more_than_a_thousand_objects_go_in_batches(api: Api, asset: str) -> None:
    s3 = client("s3")
    for n in range(1005):
        s3.put_object(Bucket=BUCKET, Key=f"private/assets/{asset}/frames/{n}", Body=b"")
    assert list(bucket.delete_all(bucket.asset_prefix(asset))) == [1000, 5]
    assert object_keys() == []
