"""Documents that are too large for one call: put to an address first, read from one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from chalicelib.assets import large
from chalicelib.aws.clients import client
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.assets.conftest import BUCKET, object_keys, pages

QUOTES = {"text": '"' * 2_000_000}
"""Two bytes a character as JSON, four as JSON in JSON."""


def granted(api: Api, asset: str) -> dict[str, Any]:
    answer = api("POST", f"/metadata/{asset}?upload=true", {"OperatorName": "Captions"})
    assert answer.status == 200, answer
    body: dict[str, Any] = answer.body
    return body


def referring(api: Api, asset: str, key: str, query: str = "") -> Reply:
    body = {"OperatorName": "Captions", "WorkflowId": "run-1", "ResultsKey": key}
    return api("POST", f"/metadata/{asset}{query}", body)


def put(key: str, document: bytes) -> None:
    client("s3").put_object(Bucket=BUCKET, Key=key, Body=document)


def test_a_grant_is_an_address_below_the_assets_own_prefix_and_stores_nothing(api: Api, asset: str) -> None:
    answer = granted(api, asset)

    assert answer["Status"] == "Success"
    assert answer["Bucket"] == BUCKET
    assert answer["Key"].startswith(f"private/passing/{asset}/")
    assert answer["Key"] in answer["Url"]
    assert granted(api, asset)["Key"] != answer["Key"]
    assert object_keys() == []


def test_a_document_put_there_is_kept_byte_for_byte(api: Api, asset: str) -> None:
    key = granted(api, asset)["Key"]
    document = '{"n" : 1.10, "text": "' + "é" * 3_000_000 + '"}'
    put(key, document.encode())

    answer = referring(api, asset, key)

    assert answer.body == {
        "Status": "Success",
        "Bucket": BUCKET,
        "Key": f"private/assets/{asset}/workflows/run-1/Captions.json",
    }
    kept = client("s3").get_object(Bucket=BUCKET, Key=answer.body["Key"])["Body"].read()
    assert kept == document.encode()
    assert referring(api, asset, key).status == 200


def test_a_page_may_be_put_there_too(api: Api, asset: str, keep: Callable[..., Reply]) -> None:
    key = granted(api, asset)["Key"]
    put(key, b'{"page": 1}')
    assert keep(asset, "Captions", {"page": 0}, "?paginated=true").status == 200

    assert referring(api, asset, key, "?paginated=true&end=true").status == 200

    read = pages(api, f"/metadata/{asset}/Captions")
    assert [page["results"] for page in read] == [{"page": 0}, {"page": 1}]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "k",
        "private/assets/{asset}/workflows/run-1/Mediainfo.json",
        "private/passing/{asset}/",
        "private/passing/{asset}/../{asset}/1b4e28ba-2fa1-41d2-883f-0016d3cca427.json",
        "private/passing/another/1b4e28ba-2fa1-41d2-883f-0016d3cca427.json",
        "private/passing/{asset}/1b4e28ba-2fa1-41d2-883f-0016d3cca427.json\n",
        "private/passing/{asset}/1b4e28ba-2fa1-41d2-883f-0016d3cca427.json",
    ],
)
def test_a_key_that_was_not_granted_or_not_used_is_refused(api: Api, asset: str, key: str) -> None:
    answer = referring(api, asset, key.format(asset=asset))
    assert answer.status == 400
    assert "ResultsKey" in answer.body["Message"]


def test_a_grant_for_an_unknown_asset_is_404_and_pages_are_no_uploads(api: Api, asset: str) -> None:
    nobody = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
    assert api("POST", f"/metadata/{nobody}?upload=true", {"OperatorName": "a"}).status == 404
    for query in ("?upload=true&paginated=true", "?upload=yes", "?upload=false"):
        assert api("POST", f"/metadata/{asset}{query}", {"OperatorName": "a", "Results": {}}).status == 400


def test_a_document_beyond_the_limit_is_refused_naming_pages(
    api: Api, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "DOCUMENT_BYTES", 100)
    key = granted(api, asset)["Key"]
    put(key, json.dumps({"x": "y" * 100}).encode())

    answer = referring(api, asset, key)

    assert answer.status == 413
    assert "in pages" in answer.body["Message"]


def test_an_answer_too_large_for_a_call_lies_where_its_reader_is_sent(api: Api, asset: str) -> None:
    body = {"OperatorName": "Captions", "Results": QUOTES}
    assert api("POST", f"/metadata/{asset}", body).status == 200

    answer = api("GET", f"/metadata/{asset}/Captions")

    assert answer.status == 303
    assert answer.headers["Location"] == answer.body["Location"]
    there = unquote(urlsplit(answer.headers["Location"]).path).lstrip("/")
    assert there.startswith(f"private/passing/{asset}/")
    text = client("s3").get_object(Bucket=BUCKET, Key=there)["Body"].read()
    assert json.loads(text) == {"asset_id": asset, "operator": "Captions", "results": QUOTES}


def test_an_answer_that_fits_is_answered() -> None:
    text = json.dumps({"text": "é" * 3_100_000}, ensure_ascii=False)
    assert large.answer("a", text).body == text
