"""Operators' metadata as callers write and read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.assets import metadata, pointers, store
from chalicelib.assets.body import Submission
from chalicelib.aws import transaction
from chalicelib.aws.clients import client
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.assets.conftest import BUCKET, object_keys, pages

Keep = Callable[..., Reply]


def test_a_whole_document_answers_its_key_and_lies_there(api: Api, asset: str, keep: Keep) -> None:
    answer = keep(asset, "Mediainfo", {"tracks": 3})
    key = f"private/assets/{asset}/workflows/run-1/Mediainfo.json"
    assert answer.body == {"Status": "Success", "Bucket": BUCKET, "Key": key}
    assert client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read() == b'{"tracks": 3}'


def test_results_are_kept_byte_for_byte(api: Api, asset: str) -> None:
    results = (
        ' {"f" : 5.0, "z":-0.0,"big":1e300,"small":1E-300, "n":123456789012345678901234567890,'
        ' "u":"\\u00e9é\\ud83d", "deep": [[[[1.10]]]], "f": "twice"}  '
    )
    raw = f'{{ "Results" :{results}, "OperatorName": "Floats" , "WorkflowId":"w"}}\n'.encode()
    assert api("POST", f"/metadata/{asset}", raw).status == 200
    stored = client("s3").get_object(Bucket=BUCKET, Key=f"private/assets/{asset}/workflows/w/Floats.json")
    assert stored["Body"].read() == results.strip().encode()


def test_an_answer_carries_the_stored_bytes(asset: str, keep: Keep) -> None:
    position = metadata.first(asset, "Floats") if keep(asset, "Floats", {"n": 0.30000000000000004}) else None
    assert position is not None
    assert metadata.entry(asset, position, all_operators=False).text == '{"n": 0.30000000000000004}'


def test_integers_of_any_size_come_back(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "Counts", {"n": 12345678901234567890, "f": 5.0})
    body = api("GET", f"/metadata/{asset}/Counts").body
    assert body == {
        "asset_id": asset,
        "operator": "Counts",
        "results": {"n": 12345678901234567890, "f": 5.0},
    }


def test_the_first_answer_has_the_facts_and_no_cursor_without_metadata(api: Api, asset: str) -> None:
    body = api("GET", f"/metadata/{asset}").body
    created = body["results"].pop("Created")
    assert float(created) > 1_000_000_000
    assert body == {
        "asset_id": asset,
        "results": {"MediaType": "Video", "S3Key": "upload/clip.mp4", "S3Bucket": BUCKET},
    }


def test_the_cursor_walks_operators_by_name_and_their_pages(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "b", {"b": 1})
    keep(asset, "B.x", {"upper": 1})
    keep(asset, "a", {"page": 0}, "?paginated=true")
    keep(asset, "a", {"page": 1}, "?paginated=true&end=true")
    read = pages(api, f"/metadata/{asset}")
    assert [(page.get("operator"), page["results"]) for page in read[1:]] == [
        ("B.x", {"upper": 1}),
        ("a", {"page": 0}),
        ("a", {"page": 1}),
        ("b", {"b": 1}),
    ]
    assert "operator" not in read[0]


def test_pages_show_only_after_the_end(api: Api, asset: str, keep: Keep) -> None:
    assert keep(asset, "op", {"n": 0}, "?paginated=true").body == {"Status": "Success"}
    assert api("GET", f"/metadata/{asset}/op").status == 404
    assert "cursor" not in api("GET", f"/metadata/{asset}").body
    end = keep(asset, "op", {"n": 1}, "?paginated=true&end=true")
    assert [page["results"] for page in pages(api, f"/metadata/{asset}/op")] == [{"n": 0}, {"n": 1}]
    manifest = json.loads(client("s3").get_object(Bucket=BUCKET, Key=end.body["Key"])["Body"].read())
    found = [json.loads(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()) for key in manifest["Pages"]]
    assert found == [{"n": 0}, {"n": 1}]


def test_readers_see_the_last_complete_set_while_another_is_written(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "op", {"old": True})
    keep(asset, "op", {"new": 0}, "?paginated=true", workflow="run-2")
    assert [page["results"] for page in pages(api, f"/metadata/{asset}/op")] == [{"old": True}]
    keep(asset, "op", {"new": 1}, "?paginated=true&end=true", workflow="run-2")
    assert [page["results"] for page in pages(api, f"/metadata/{asset}/op")] == [{"new": 0}, {"new": 1}]


def test_a_reader_stays_in_the_set_that_it_began(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "op", {"old": 0}, "?paginated=true")
    keep(asset, "op", {"old": 1}, "?paginated=true&end=true")
    cursor = api("GET", f"/metadata/{asset}/op").body["cursor"]
    keep(asset, "op", {"new": True}, workflow="run-2")
    assert api("GET", f"/metadata/{asset}/op?cursor={cursor}").body["results"] == {"old": 1}


def test_a_whole_document_sent_again_replaces_the_first(api: Api, asset: str, keep: Keep) -> None:
    keys = {keep(asset, "op", {"n": n}).body["Key"] for n in range(3)}
    assert len(keys) == 1
    assert [page["results"] for page in pages(api, f"/metadata/{asset}/op")] == [{"n": 2}]
    assert len([item for item in pointers.parts(asset) if item["Part"].startswith("doc#")]) == 1


def test_one_page_that_is_also_the_last_is_a_set(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "op", {"only": 1}, "?paginated=true&end=true")
    assert [page["results"] for page in pages(api, f"/metadata/{asset}/op")] == [{"only": 1}]


def test_a_page_costs_one_object_and_one_transaction_however_many_there_are(
    api: Api, asset: str, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        keep(asset, "op", {"n": n}, "?paginated=true")
    commits: list[int] = []
    commit = transaction.commit

    def counted(writes: Any) -> None:
        commits.append(len(writes))
        commit(writes)

    monkeypatch.setattr(transaction, "commit", counted)
    before = object_keys()
    keep(asset, "op", {"n": 5}, "?paginated=true")
    assert commits == [3]
    assert len(object_keys()) == len(before) + 1


def test_concurrent_writers_of_one_operator_lose_nothing(
    api: Api, asset: str, one_write_at_a_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(n: int) -> None:
        metadata.store_page(asset, Submission("op", "run-1", json.dumps({"n": n}).encode()))

    with ThreadPoolExecutor(6) as writers:
        list(writers.map(write, range(36)))
    metadata.store_last_page(asset, Submission("op", "run-1", b'{"n":36}'))
    read = [page["results"]["n"] for page in pages(api, f"/metadata/{asset}/op")]
    assert sorted(read) == list(range(37))
    assert read[-1] == 36


def test_two_ends_at_once_make_two_sets_and_no_mixture(
    api: Api, asset: str, keep: Keep, one_write_at_a_time: None
) -> None:
    keep(asset, "op", {"n": "first"}, "?paginated=true")

    def end(n: int) -> str:
        return metadata.store_last_page(asset, Submission("op", "run-1", json.dumps({"n": n}).encode()))

    with ThreadPoolExecutor(2) as writers:
        manifests = list(writers.map(end, range(2)))
    lists = [json.loads(client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())["Pages"] for key in manifests]
    assert sorted(len(keys) for keys in lists) == [1, 2]
    assert not set(lists[0]) & set(lists[1])


def test_unknown_assets_and_those_being_deleted_take_nothing(api: Api, asset: str, keep: Keep) -> None:
    store.mark_deleting(asset)
    for asset_id in (asset, "no-such-asset"):
        assert keep(asset_id, "op", {}).status == 404
        assert keep(asset_id, "op", {}, "?paginated=true").status == 404
        assert keep(asset_id, "op", {}, "?paginated=true&end=true").status == 404
    assert object_keys() == []


@pytest.mark.parametrize("store_it", [metadata.store_whole, metadata.store_page, metadata.store_last_page])
def test_a_write_that_is_refused_leaves_no_object(asset: str, store_it: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = store.get_asset(asset)
    store.mark_deleting(asset)
    monkeypatch.setattr(store, "get_asset", lambda _: real)
    with pytest.raises(Exception, match="does not exist"):
        store_it(asset, Submission("op", "run-1", b"{}"))
    assert object_keys() == []
    assert list(pointers.parts(asset)) == []


def test_a_cursor_to_deleted_metadata_is_gone(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "op", {"n": 0}, "?paginated=true")
    keep(asset, "op", {"n": 1}, "?paginated=true&end=true")
    cursor = api("GET", f"/metadata/{asset}/op").body["cursor"]
    assert api("DELETE", f"/metadata/{asset}/op").status == 200
    assert api("GET", f"/metadata/{asset}/op?cursor={cursor}").status == 410


def test_a_cursor_of_another_asset_or_route_is_refused(api: Api, new_asset: Callable[..., str], keep: Keep) -> None:
    one, other = new_asset(), new_asset()
    keep(one, "op", {})
    keep(other, "op", {})
    cursor = api("GET", f"/metadata/{one}").body["cursor"]
    for path in (f"/metadata/{other}", f"/metadata/{one}/op", "/metadata", "/checkouts"):
        answer = api("GET", f"{path}?cursor={cursor}")
        assert answer.status == 400
        assert "cursor" in answer.body["Message"]


def test_the_workflow_may_be_left_out(api: Api, asset: str) -> None:
    answer = api("POST", f"/metadata/{asset}", {"OperatorName": "op", "Results": {}})
    assert answer.body["Key"] == f"private/assets/{asset}/workflows/none/op.json"


def test_deleting_metadata_answers_the_keys_and_leaves_other_operators(api: Api, asset: str, keep: Keep) -> None:
    keep(asset, "op", {"n": 0}, "?paginated=true")
    keep(asset, "op", {"n": 1}, "?paginated=true&end=true")
    keep(asset, "op", {"whole": 1}, workflow="run-2")
    keep(asset, "op", {"open": 1}, "?paginated=true", workflow="run-3")
    keep(asset, "op2", {"other": 1})
    mine = [key for key in object_keys() if "/op2" not in key]
    answer = api("DELETE", f"/metadata/{asset}/op")
    assert [entry["Key"] for entry in answer.body["Deleted"]] == mine
    assert object_keys() == [f"private/assets/{asset}/workflows/run-1/op2.json"]
    assert api("GET", f"/metadata/{asset}/op").status == 404
    assert api("DELETE", f"/metadata/{asset}/op").status == 404
    assert [page.get("operator") for page in pages(api, f"/metadata/{asset}")] == [None, "op2"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?end=true", "Must pass required query parameter: paginated"),
        ("?page=1", "Must pass required query parameter: paginated"),
        ("?paginated=true&end=1", "Query param end only supports a value of: true"),
        ("?paginated=false", "Query param paginated only supports a value of: true"),
        ("?paginated=true&%7B%25=true", "paginated and end"),
    ],
)
def test_query_parameters_are_checked_before_the_body(api: Api, query: str, message: str) -> None:
    answer = api("POST", f"/metadata/any{query}", b"{")
    assert (answer.status, answer.body["Code"]) == (400, "BadRequestError")
    assert message in answer.body["Message"]


@pytest.mark.parametrize("query", ["?limit=1", "?cursor=", "?cursor=%00", "?cursor=eyJ9&x=1", "?cursor=%C3%A9"])
def test_reading_takes_a_cursor_of_ours_and_nothing_else(api: Api, asset: str, query: str) -> None:
    for path in (f"/metadata/{asset}", f"/metadata/{asset}/op"):
        answer = api("GET", path + query)
        assert answer.status == 400
        assert "cursor" in answer.body["Message"]
