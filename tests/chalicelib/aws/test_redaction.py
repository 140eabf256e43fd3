from __future__ import annotations

import json

import pytest

from chalicelib.aws.redaction import hidden

TOKEN = "AQCgAAAAKgAAAAMAAAAA" + "Zm9v/+8" * 30 + "=="
SECRET = 'a "quoted" \\ secret, with é and }'
PRESIGNED = (
    "https://b.s3.us-east-1.amazonaws.com/private/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
    "ASIAIOSFODNN7EXAMPLE%2F20261125%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20261125T000000Z&X-Amz-Expires=3600"
    "&X-Amz-SignedHeaders=host&X-Amz-Security-Token=IQoJb3JpZ2luX2VjE%2F%2Fsecret%3D&X-Amz-Signature=0123456789abcdef"
)
HEADER = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261125/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=0123456789abcdef"
)
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyLTEifQ.s1g-nature_s1g"
SECRETS = (
    TOKEN,
    "eyJzdWIi",
    "s1g-nature",
    "0123456789abcdef",
    "IQoJb3",
    "IOSFODNN7",
    "quoted",
    "secret, with",
    "s3cret",
)


def nested(document: object, times: int) -> str:
    """JSON within JSON, as in a message within an event."""
    text = json.dumps(document)
    for _ in range(times):
        text = json.dumps({"message": text})
    return text


@pytest.mark.parametrize("times", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "name",
    [
        *("TaskToken", "taskToken", "Token", "Secret", "Authorization", "X-Amz-Security-Token"),
        *("access_token", "AccessToken", "IdToken", "refresh_token", "SessionToken", "client_secret"),
    ],
)
@pytest.mark.parametrize("value", [TOKEN, SECRET, HEADER, "s3cret", ""])
def test_what_is_named_is_hidden_however_deep_it_lies(name: str, value: str, times: int) -> None:
    line = hidden(nested({"Run": "r-1", name: value, "Kept": "this"}, times))

    assert not [secret for secret in SECRETS if secret in line]
    document = json.loads(line)
    for _ in range(times):
        document = json.loads(document["message"])
    assert document == {"Run": "r-1", name: "***", "Kept": "this"}


@pytest.mark.parametrize(
    "line",
    [
        f"could not reach {PRESIGNED} in time",
        json.dumps({"Url": PRESIGNED}),
        f"GET / HTTP/1.1 Authorization: {HEADER}",
        str({"TaskToken": TOKEN, "Secret": SECRET.replace('"', "")}),
        f"send_task_success(taskToken={TOKEN}, output=1)",
        f"An error occurred (InvalidToken) when calling the SendTaskSuccess operation: Invalid Token: '{TOKEN}'",
        f"no name before it {TOKEN}",
        f"nor before a user's {JWT}",
        "Authorization: Bearer s3cret",
        'cut off: {"Secret": "s3cret and no end',
    ],
)
def test_nothing_is_given_away(line: str) -> None:
    assert not [secret for secret in SECRETS if secret in hidden(line)]


@pytest.mark.parametrize(
    "line",
    [
        "run 6fd1ed2a-6c55-4dd6-94e6-0ab52d72e4b9 of batch b-1 stays as it is",
        '{"Kind": "secret", "Name": "cursor"}',
        '{"NextToken": "abc", "TaskTokens": 3}',
        "s3://bucket/private/assets/6fd1ed2a-6c55-4dd6-94e6-0ab52d72e4b9/workflows/file.mp4",
        "0123456789abcdef" * 4,
    ],
)
def test_everything_else_stays(line: str) -> None:
    assert hidden(line) == line


def test_a_long_line_of_quotation_marks_takes_no_long_time() -> None:
    assert len(hidden('token="' * 20_000)) > 0
