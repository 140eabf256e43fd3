from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from chalicelib.proxies.asking import ask
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.api import Api

ROUTES = "/service/translate"
MOMENT = datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
TIME = "2026-11-21T04:05:06+00:00"
PARALLEL = {"Name": "subtitles", "ParallelDataConfig": {"S3Uri": "s3://test-data/s.csv", "Format": "CSV"}}


def test_a_terminology_is_imported_as_csv_and_replaces_what_there_is(api: Api, translate: Stubber) -> None:
    properties = {"Name": "terms", "CreatedAt": MOMENT, "LastUpdatedAt": MOMENT}
    wanted = {
        "Name": "terms",
        "MergeStrategy": "OVERWRITE",
        "TerminologyData": {"File": "en,de\nKöln,Köln\n".encode(), "Format": "CSV"},
    }
    translate.add_response("import_terminology", {"TerminologyProperties": properties}, wanted)

    body = {"terminology_name": "terms", "terminology_csv": "en,de\nKöln,Köln\n"}
    made = api("POST", f"{ROUTES}/create_terminology", body)

    assert made.status == 200
    assert made.body["TerminologyProperties"] == {"Name": "terms", "CreatedAt": TIME, "LastUpdatedAt": TIME}


def test_a_terminology_is_read_without_what_the_sdk_says(api: Api, translate: Stubber) -> None:
    answer = {
        "TerminologyProperties": {"Name": "terms", "CreatedAt": MOMENT},
        "ResponseMetadata": {"HTTPStatusCode": 200},
    }
    translate.add_response("get_terminology", answer, {"Name": "terms", "TerminologyDataFormat": "CSV"})

    read = api("POST", f"{ROUTES}/get_terminology", {"terminology_name": "terms"})

    assert read.body == {"TerminologyProperties": {"Name": "terms", "CreatedAt": TIME}}


def test_texts_are_downloaded(api: Api, translate: Stubber, files: Any) -> None:
    url = files.serve("en,de\nCologne,Köln\n".encode())
    location = {"RepositoryType": "S3", "Location": url}
    translate.add_response("get_terminology", {"TerminologyDataLocation": location}, ANY_TERMS)
    translate.add_response("get_parallel_data", {"DataLocation": location}, {"Name": "subtitles"})

    terminology = api("POST", f"{ROUTES}/download_terminology", {"terminology_name": "terms"})
    parallel = api("POST", f"{ROUTES}/download_parallel_data", {"Name": "subtitles"})

    assert terminology.body == {"terminology": "en,de\nCologne,Köln\n"}
    assert parallel.body == {"parallel_data_csv": "en,de\nCologne,Köln\n"}


ANY_TERMS = {"Name": "terms", "TerminologyDataFormat": ANY}


@pytest.mark.parametrize(
    ("route", "operation", "member"),
    [
        ("list_terminologies", "list_terminologies", "TerminologyPropertiesList"),
        ("list_parallel_data", "list_parallel_data", "ParallelDataPropertiesList"),
    ],
)
def test_lists_are_read_to_their_end(api: Api, translate: Stubber, route: str, operation: str, member: str) -> None:
    for number in range(3):
        token = {"NextToken": str(number)} if number else {}
        more = {"NextToken": str(number + 1)} if number < 2 else {}
        answer = {member: [{"Name": f"n{number}", "CreatedAt": MOMENT}], **more}
        translate.add_response(operation, answer, {"MaxResults": 100, **token})

    listed = api("GET", f"{ROUTES}/{route}")

    assert listed.body[member] == [{"Name": f"n{number}", "CreatedAt": TIME} for number in range(3)]
    assert "NextToken" not in listed.body


def test_parallel_data_is_made_read_and_deleted(api: Api, translate: Stubber) -> None:
    whole = {**PARALLEL, "Description": "d", "EncryptionKey": {"Type": "KMS", "Id": "k"}, "ClientToken": "token-1"}
    translate.add_response("create_parallel_data", {"Name": "subtitles", "Status": "CREATING"}, whole)
    properties = {"Name": "subtitles", "CreatedAt": MOMENT}
    translate.add_response("get_parallel_data", {"ParallelDataProperties": properties}, {"Name": "subtitles"})
    translate.add_response("delete_parallel_data", {"Name": "subtitles", "Status": "DELETING"}, {"Name": "subtitles"})

    made = api("POST", f"{ROUTES}/create_parallel_data", whole)
    read = api("POST", f"{ROUTES}/get_parallel_data", {"Name": "subtitles"})
    deleted = api("POST", f"{ROUTES}/delete_parallel_data", {"Name": "subtitles"})

    assert made.body["Status"] == "CREATING"
    assert read.body["ParallelDataProperties"] == {"Name": "subtitles", "CreatedAt": TIME}
    assert deleted.body["Status"] == "DELETING"


def test_a_terminology_is_deleted(api: Api, translate: Stubber) -> None:
    translate.add_response("delete_terminology", {"ResponseMetadata": {"HTTPStatusCode": 200}}, {"Name": "terms"})

    deleted = api("POST", f"{ROUTES}/delete_terminology", {"terminology_name": "terms"})

    assert deleted.body == {"ResponseMetadata": {"HTTPStatusCode": 200}}


@pytest.mark.parametrize(
    ("code", "aws_status", "status"),
    [
        ("ResourceNotFoundException", 400, 404),
        ("InvalidParameterValueException", 400, 400),
        ("TooManyRequestsException", 400, 503),
        ("InternalServerException", 500, 502),
        ("ConcurrentModificationException", 400, 409),
    ],
)
def test_a_refusal_of_aws_is_told_in_its_words(
    api: Api, translate: Stubber, code: str, aws_status: int, status: int
) -> None:
    translate.add_client_error("delete_parallel_data", code, 'because "so"', aws_status)

    refused = api("POST", f"{ROUTES}/delete_parallel_data", {"Name": "subtitles"})

    assert refused.status == status
    assert refused.body["Message"] == f'{code}: because "so"'
    assert set(refused.body) == {"Code", "Message", "RequestId"}


@pytest.mark.parametrize(
    ("route", "body", "word"),
    [
        ("get_terminology", {"terminology_name": "a__b"}, "terminology_name"),
        ("get_terminology", {"name": "a"}, "terminology_name"),
        ("download_terminology", {"terminology_name": {"Name": "a"}}, "terminology_name"),
        ("create_terminology", {"terminology_name": "a"}, "terminology_csv"),
        ("create_terminology", {"terminology_name": "a", "terminology_csv": ["en"]}, "terminology_csv"),
        ("create_terminology", {"terminology_name": "a", "terminology_csv": ""}, "terminology_csv"),
        ("get_parallel_data", {"Name": 1}, "Name"),
        ("get_parallel_data", {"Name": "a", "Endpoint": "x"}, "Endpoint"),
        ("create_parallel_data", {"Name": "a"}, "ParallelDataConfig"),
        ("create_parallel_data", {**PARALLEL, "Tags": []}, "Tags"),
        (
            "create_parallel_data",
            {"Name": "a", "ParallelDataConfig": {"S3Uri": "https://x/y", "Format": "CSV"}},
            "ParallelDataConfig.S3Uri",
        ),
        (
            "create_parallel_data",
            {"Name": "a", "ParallelDataConfig": {"S3Uri": "s3://buck/y", "Format": "XML"}},
            "ParallelDataConfig.Format",
        ),
    ],
)
def test_bad_bodies_are_refused_before_aws_is_asked(
    api: Api, translate: Stubber, route: str, body: Any, word: str
) -> None:
    refused = api("POST", f"{ROUTES}/{route}", body)

    assert (refused.status, refused.body["Code"]) == (400, "BadRequestError")
    assert word in refused.body["Message"]


def test_what_the_sdk_itself_refuses_is_a_bad_request(aws: None) -> None:
    with pytest.raises(BadRequestError, match=r'^Parameter validation failed: Missing .*"Name"'):
        ask("translate", "get_parallel_data")
