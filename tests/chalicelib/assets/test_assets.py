"""Assets, their locks and their lists as callers see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.assets import store
from chalicelib.aws import clock, transaction
from chalicelib.aws.clients import client
from chalicelib.web.errors import ConflictError, NotFoundError
from tests.chalicelib.api import Api
from tests.chalicelib.assets.conftest import BUCKET, object_keys

MOMENT = "2026-11-21T04:05:06.000007Z"


def test_creating_answers_the_asset_and_writes_no_object(api: Api) -> None:
    client("s3").put_object(Bucket=BUCKET, Key="upload/a.mp4", Body=b"x")
    given = {"MediaType": "Video", "S3Bucket": BUCKET, "S3Key": "upload/a.mp4"}
    answer = api("POST", "/create", {"Input": given})
    assert answer.status == 200
    assert answer.body == {"AssetId": answer.body["AssetId"], **given}
    assert object_keys("") == ["upload/a.mp4"]
    assert api("GET", "/metadata").body == {"assets": [answer.body["AssetId"]]}


@pytest.mark.parametrize(
    ("content_type", "key", "media_type"),
    [
        ("video/mp4", "upload/x.bin", "Video"),
        ("audio/x-wav; rate=8", "upload/x", "Audio"),
        ("application/json", "upload/x", "Text"),
        ("binary/octet-stream", "upload/clip.MKV", "Video"),
        ("binary/octet-stream", "upload/a.b/song.flac", "Audio"),
        ("binary/octet-stream", "upload/photo.jpeg", "Image"),
        ("binary/octet-stream", "upload/words.srt", "Text"),
        ("binary/octet-stream", "upload/mp4", None),
        ("binary/octet-stream", "upload/archive.zip", None),
    ],
)
def test_the_media_type_is_found_out_when_absent(
    api: Api, content_type: str, key: str, media_type: str | None
) -> None:
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x", ContentType=content_type)
    answer = api("POST", "/create", {"Input": {"S3Bucket": BUCKET, "S3Key": key}})
    if media_type is None:
        assert answer.status == 400
        assert "Input.MediaType" in answer.body["Message"]
    else:
        assert (answer.status, answer.body["MediaType"]) == (200, media_type)


@pytest.mark.parametrize("place", [{"S3Key": "no/such"}, {"S3Bucket": "no-such-bucket"}, {"S3Bucket": "No Bucket!"}])
def test_an_object_that_does_not_exist_makes_no_asset(api: Api, place: dict[str, str]) -> None:
    answer = api("POST", "/create", {"Input": {"MediaType": "Video", "S3Bucket": BUCKET, "S3Key": "k", **place}})
    assert answer.status == 400
    assert "S3Key" in answer.body["Message"]
    assert api("GET", "/metadata").body == {"assets": []}


@pytest.mark.parametrize("missing", ["S3Bucket", "S3Key"])
def test_what_is_missing_is_named_in_the_old_words(api: Api, missing: str) -> None:
    given = {name: "x" for name in ("MediaType", "S3Bucket", "S3Key") if name != missing}
    answer = api("POST", "/create", {"Input": given})
    assert answer.status == 400
    assert f"Missing required inputs for asset creation: '{missing}'" in answer.body["Message"]


def test_media_paths_are_told_without_looking(api: Api) -> None:
    answer = api("GET", "/mediapath/asset-1/run.2")
    assert answer.body == {"S3Bucket": BUCKET, "S3Key": "private/assets/asset-1/workflows/run.2/"}


def test_the_list_of_assets_is_paged_newest_first_over_months(api: Api) -> None:
    moments = ["2026-09-01T00:00:00.000001Z", "2026-11-01T00:00:00.000001Z", "2026-11-02T00:00:00.000001Z"]
    for n, moment in enumerate(moments):
        store.ensure_month(moment)
        transaction.commit(store.asset_writes_new(f"asset-{n}", "Video", "b", "k", moment, None))
    assert api("GET", "/metadata").body == {"assets": ["asset-2", "asset-1", "asset-0"]}
    found: list[str] = []
    path: str | None = "/metadata?limit=1"
    while path:
        answer = api("GET", path)
        found += answer.body["assets"]
        link = answer.headers.get("Link")
        path = link.split(";")[0].strip("<>") if link else None
    assert found == ["asset-2", "asset-1", "asset-0"]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "limit=1.5", "limit=", "cursor=x"])
def test_lists_refuse_wrong_limits_and_cursors(api: Api, query: str) -> None:
    for path in ("/metadata", "/checkouts"):
        answer = api("GET", f"{path}?{query}")
        assert answer.status == 400
        assert query.split("=")[0] in answer.body["Message"]


def test_a_lock_is_taken_listed_and_given_back(api: Api, asset: str) -> None:
    taken = api("POST", f"/checkout/{asset}", {"LockedBy": "Zoë"})
    assert taken.status == 200
    assert isinstance(taken.body["LockedAt"], int)
    assert taken.body == {"AssetId": asset, "LockedBy": "Zoë", "LockedAt": taken.body["LockedAt"]}
    assert api("GET", "/checkouts").body == {"locks": [taken.body]}
    assert api("POST", f"/checkout/{asset}", {"LockedBy": "other"}).status == 409
    returned = api("POST", f"/checkin/{asset}")
    assert (returned.status, returned.body) == (200, f"Unlocked asset {asset}")
    assert api("POST", f"/checkin/{asset}").status == 409
    assert api("GET", "/checkouts").body == {"locks": []}


def test_unknown_assets_can_be_neither_locked_nor_unlocked_nor_made_so(api: Api) -> None:
    assert api("POST", "/checkout/none", {"LockedBy": "me"}).status == 404
    assert api("POST", "/checkin/none").status == 404
    assert api("GET", "/checkouts").body == {"locks": []}
    assert store.get_asset("none") is None


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"LockedBy": "me"}', b'{"Extra": 1}'])
def test_unlocking_needs_no_body(api: Api, asset: str, body: bytes) -> None:
    api("POST", f"/checkout/{asset}", {"LockedBy": "me"})
    assert api("POST", f"/checkin/{asset}", body).status == 200


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"LockedBy": 5}', b"NaN"])
def test_a_body_that_unlocking_cannot_read_is_refused(api: Api, asset: str, body: bytes) -> None:
    api("POST", f"/checkout/{asset}", {"LockedBy": "me"})
    assert api("POST", f"/checkin/{asset}", body).status == 400
    assert len(api("GET", "/checkouts").body["locks"]) == 1


def test_locks_are_paged(api: Api, new_asset: Callable[..., str]) -> None:
    ids = {new_asset() for _ in range(3)}
    for asset_id in ids:
        api("POST", f"/checkout/{asset_id}", {"LockedBy": "me"})
    first = api("GET", "/checkouts?limit=2")
    rest = api("GET", first.headers["Link"].split(";")[0].strip("<>"))
    assert {lock["AssetId"] for lock in [*first.body["locks"], *rest.body["locks"]]} == ids
    assert "Link" not in rest.headers


def test_a_run_holds_an_asset_until_it_gives_it_back(asset: str) -> None:
    transaction.commit([store.lock_for_run(asset, "run-1")])
    found = store.get_asset(asset)
    assert found is not None
    assert found.active_run == "run-1"
    with pytest.raises(ConflictError, match="run-1"):
        transaction.commit([store.lock_for_run(asset, "run-2")])
    transaction.commit([store.unlock_for_run(asset, "run-1")])
    transaction.commit([store.lock_for_run(asset, "run-2")])


def test_only_the_run_that_holds_an_asset_gives_it_back(asset: str) -> None:
    transaction.commit([store.lock_for_run(asset, "run-1")])
    with pytest.raises(ConflictError):
        transaction.commit([store.unlock_for_run(asset, "run-2")])


def test_a_run_ends_although_its_asset_vanished(api: Api, asset: str) -> None:
    transaction.commit([store.lock_for_run(asset, "run-1")])
    store.delete_asset(asset)
    transaction.commit([store.unlock_for_run(asset, "run-1")])
    assert store.get_asset(asset) is None
    assert api("GET", f"/metadata/{asset}").status == 404
    with pytest.raises(NotFoundError):
        transaction.commit([store.lock_for_run(asset, "run-2")])


def test_a_run_cannot_have_an_asset_that_is_unknown_or_being_deleted(asset: str) -> None:
    store.mark_deleting(asset)
    for asset_id in (asset, "none"):
        with pytest.raises(NotFoundError):
            transaction.commit([store.lock_for_run(asset_id, "run-1")])


def test_a_new_asset_may_belong_to_its_run_from_the_start(api: Api) -> None:
    writes = store.asset_writes_new("new", "Audio", "b", "k", MOMENT, "run-1")
    transaction.commit(writes)
    assert store.get_asset("new") == store.Asset("new", "Audio", "b", "k", MOMENT, "run-1")
    with pytest.raises(ConflictError):
        transaction.commit(writes)


def test_a_month_is_written_once_a_process(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    commits: list[Any] = []
    commit = transaction.commit

    def counted(writes: Any) -> None:
        commits.append(writes)
        commit(writes)

    monkeypatch.setattr(transaction, "commit", counted)
    for moment in (MOMENT, MOMENT, "2026-11-30T00:00:00.000001Z"):
        store.ensure_month(moment)
    assert len(commits) == 1
    assert set(store.months()) == {"2026-11", clock.month(clock.now())}
