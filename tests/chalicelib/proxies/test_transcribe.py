from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from botocore.stub import Stubber

from chalicelib.aws.clients import client
from chalicelib.proxies import asking, downloads
from tests.chalicelib.api import Api

ROUTES = "/service/transcribe"
FILE = "s3://test-data/vocabularies/words.txt"
MOMENT = datetime(2026, 11, 21, 4, 5, 6, 7000, tzinfo=UTC)


def create(api: Api, name: str) -> Any:
    body = {"vocabulary_name": name, "language_code": "en-US", "s3uri": FILE}
    return api("POST", f"{ROUTES}/create_vocabulary", body)


def test_a_vocabulary_is_made_read_and_deleted(api: Api) -> None:
    made = create(api, "words")
    read = api("POST", f"{ROUTES}/get_vocabulary", {"vocabulary_name": "words", "unknown": 1})
    deleted = api("POST", f"{ROUTES}/delete_vocabulary", {"vocabulary_name": "words"})
    gone = api("POST", f"{ROUTES}/get_vocabulary", {"vocabulary_name": "words"})

    assert (made.status, made.body["VocabularyName"]) == (200, "words")
    assert (read.status, read.body["LanguageCode"]) == (200, "en-US")
    assert datetime.fromisoformat(read.body["LastModifiedTime"]).utcoffset() is not None
    assert read.body["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert (deleted.status, list(deleted.body)) == (200, ["ResponseMetadata"])
    assert (gone.status, gone.body["Code"]) == (404, "NotFoundError")
    assert gone.body["Message"].startswith("BadRequestException: The requested vocabulary couldn't be found.")


def test_all_pages_of_vocabularies_are_listed(api: Api) -> None:
    names = [f"words-{number}" for number in range(205)]
    for name in names:
        client("transcribe").create_vocabulary(VocabularyName=name, LanguageCode="en-US", VocabularyFileUri=FILE)

    listed = api("GET", f"{ROUTES}/list_vocabularies")

    assert listed.status == 200
    assert [entry["VocabularyName"] for entry in listed.body["Vocabularies"]] == names
    assert "NextToken" not in listed.body


def test_no_vocabularies_are_an_empty_list(api: Api) -> None:
    assert api("GET", f"{ROUTES}/list_vocabularies").body["Vocabularies"] == []


def test_a_name_that_is_taken_is_a_conflict(api: Api) -> None:
    create(api, "words")

    refused = create(api, "words")

    assert (refused.status, refused.body["Code"]) == (409, "ConflictError")
    assert refused.body["Message"].startswith("ConflictException: ")


@pytest.mark.parametrize("route", ["get_vocabulary", "download_vocabulary", "delete_vocabulary"])
@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "vocabulary_name"),
        ({"vocabulary_name": 5}, "vocabulary_name"),
        ({"vocabulary_name": ""}, "vocabulary_name"),
        ({"vocabulary_name": "../secrets"}, "vocabulary_name"),
        ({"vocabulary_name": "x" * 201}, "vocabulary_name"),
        ({"vocabulary_name": None}, "vocabulary_name"),
        ([], "body"),
        (b"{", "JSON"),
    ],
)
def test_a_bad_name_is_refused_before_aws_is_asked(
    api: Api, transcribe: Stubber, route: str, body: Any, word: str
) -> None:
    refused = api("POST", f"{ROUTES}/{route}", body)

    assert (refused.status, refused.body["Code"]) == (400, "BadRequestError")
    assert word in refused.body["Message"]


@pytest.mark.parametrize(
    ("member", "value"),
    [("s3uri", "file:///etc/passwd"), ("s3uri", 7), ("language_code", ["en-US"]), ("language_code", "")],
)
def test_a_bad_member_of_a_new_vocabulary_is_named(api: Api, transcribe: Stubber, member: str, value: Any) -> None:
    body = {"vocabulary_name": "words", "language_code": "en-US", "s3uri": FILE, member: value}

    refused = api("POST", f"{ROUTES}/create_vocabulary", body)

    assert refused.status == 400
    assert member in refused.body["Message"]


def test_language_models_are_listed_with_all_pages_and_described(api: Api, transcribe: Stubber) -> None:
    first, second = ({"ModelName": name, "CreateTime": MOMENT, "LastModifiedTime": MOMENT} for name in "ab")
    transcribe.add_response("list_language_models", {"Models": [first], "NextToken": "n"}, {"MaxResults": 100})
    transcribe.add_response("list_language_models", {"Models": [second]}, {"MaxResults": 100, "NextToken": "n"})
    transcribe.add_response("describe_language_model", {"LanguageModel": first}, {"ModelName": "a"})

    listed = api("GET", f"{ROUTES}/list_language_models")
    described = api("POST", f"{ROUTES}/describe_language_model", {"ModelName": "a"})
    unknown = api("POST", f"{ROUTES}/describe_language_model", {"ModelName": "a", "Other": 1})

    time = "2026-11-21T04:05:06.007000+00:00"
    assert [entry["ModelName"] for entry in listed.body["Models"]] == ["a", "b"]
    assert described.body["LanguageModel"] == {"ModelName": "a", "CreateTime": time, "LastModifiedTime": time}
    assert (unknown.status, "Other" in unknown.body["Message"]) == (400, True)


def test_throttling_asks_for_patience(api: Api, transcribe: Stubber) -> None:
    transcribe.add_client_error("list_vocabularies", "LimitExceededException", "too many requests", 400)

    refused = api("GET", f"{ROUTES}/list_vocabularies")

    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    "failure",
    [EndpointConnectionError(endpoint_url="https://x"), ReadTimeoutError(endpoint_url="https://x")],
)
def test_an_aws_that_gives_no_answer_is_a_bad_gateway(
    api: Api, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(**_: Any) -> Any:
        raise failure

    monkeypatch.setattr(client("transcribe"), "get_vocabulary", fail)

    refused = api("POST", f"{ROUTES}/get_vocabulary", {"vocabulary_name": "words"})

    assert (refused.status, refused.body["Code"]) == (502, "BadGatewayError")
    assert refused.body["Message"] == f"transcribe gave no answer: {type(failure).__name__}"


def test_a_list_that_takes_too_long_asks_for_patience(
    api: Api, transcribe: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "LIST_SECONDS", -1.0)
    transcribe.add_response("list_vocabularies", {"Vocabularies": [], "NextToken": "n"}, {"MaxResults": 100})

    assert api("GET", f"{ROUTES}/list_vocabularies").status == 503


def test_a_list_beyond_what_an_answer_carries_is_refused(
    api: Api, transcribe: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MAX_ANSWER_BYTES", 20)
    page = {"Vocabularies": [{"VocabularyName": "x" * 30}], "NextToken": "n"}
    transcribe.add_response("list_vocabularies", page, {"MaxResults": 100})

    refused = api("GET", f"{ROUTES}/list_vocabularies")

    assert refused.status == 400
    assert "too long" in refused.body["Message"]


def test_a_vocabularys_rows_are_downloaded(api: Api, transcribe: Stubber, files: Any) -> None:
    url = files.serve("Phrase\tSoundsLike\tIPA\tDisplayAs\r\nAda-L.\t\t\tAda L.\nKöln\n\n".encode())
    transcribe.add_response(
        "get_vocabulary", {"VocabularyName": "words", "DownloadUri": url}, {"VocabularyName": "w"}
    )

    got = api("POST", f"{ROUTES}/download_vocabulary", {"vocabulary_name": "w"})

    empty = {"SoundsLike": "", "IPA": ""}
    assert got.body == {
        "vocabulary": [
            {"Phrase": "Ada-L.", **empty, "DisplayAs": "Ada L."},
            {"Phrase": "Köln", **empty, "DisplayAs": ""},
        ]
    }


def test_a_vocabulary_without_a_file_has_nothing_to_download(api: Api, transcribe: Stubber) -> None:
    failed = {"VocabularyName": "w", "VocabularyState": "FAILED"}
    transcribe.add_response("get_vocabulary", failed, {"VocabularyName": "w"})

    assert api("POST", f"{ROUTES}/download_vocabulary", {"vocabulary_name": "w"}).status == 404


@pytest.mark.parametrize(
    ("content", "status", "word"),
    [(b"x" * 101, 400, "DownloadUri of get_vocabulary"), (b"\xff\xfe", 400, "UTF-8"), (None, 502, "S3 answered 403")],
)
def test_a_file_that_no_answer_can_carry_is_refused(
    api: Api,
    transcribe: Stubber,
    files: Any,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
    status: int,
    word: str,
) -> None:
    monkeypatch.setattr(downloads, "MAX_BYTES", 100)
    url = files.serve(content)
    transcribe.add_response("get_vocabulary", {"DownloadUri": url}, {"VocabularyName": "w"})

    refused = api("POST", f"{ROUTES}/download_vocabulary", {"vocabulary_name": "w"})

    assert refused.status == status
    assert word in refused.body["Message"]


def test_an_address_where_nobody_answers_is_a_bad_gateway_and_stays_untold(
    api: Api, transcribe: Stubber, files: Any
) -> None:
    url = files.serve(b"x")
    files.stop()
    transcribe.add_response("get_vocabulary", {"DownloadUri": url}, {"VocabularyName": "w"})

    refused = api("POST", f"{ROUTES}/download_vocabulary", {"vocabulary_name": "w"})

    assert refused.status == 502
    assert "127.0.0.1" not in refused.body["Message"]


def test_rows_of_nothing_are_none() -> None:
    assert downloads.rows("") == []
    assert downloads.rows("Phrase\tIPA\n") == []
