from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.resources import answers
from chalicelib.web.errors import BadRequestError

EVENT = {
    "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/s/1",
    "RequestId": "r",
    "LogicalResourceId": "L",
}
S3 = "https://s3.us-east-1.amazonaws.com"


def test_an_answer_echoes_the_request() -> None:
    answer = json.loads(answers.success(EVENT, "operation/a/1", {"Name": "a"}))

    assert answer == {**EVENT, "Status": "SUCCESS", "PhysicalResourceId": "operation/a/1", "Data": {"Name": "a"}}


def test_a_failure_has_a_reason() -> None:
    answer = json.loads(answers.failure(EVENT, "not-created/r", "Name: taken"))

    assert (answer["Status"], answer["Reason"]) == ("FAILED", "Name: taken")
    assert answer["Data"] == {"Message": "Exception during processing: Name: taken"}


@given(st.text() | st.just("\U0001f600" * 5000), st.text(), st.dictionaries(st.text(), st.text()))
def test_no_failure_is_too_long_for_cloudformation(reason: str, physical: str, event: dict[str, Any]) -> None:
    body = answers.failure({**EVENT, **event}, physical or "x", reason)

    assert len(body) <= answers.MAX_BYTES
    assert json.loads(body)["Reason"]


@pytest.mark.parametrize(
    "url",
    [
        "https://cloudformation-custom-resource-response-useast1.s3.amazonaws.com/arn%3Aaws/x?X-Amz-Signature=1",
        "https://cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com/x",
        "https://cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com/x",
        "https://b.s3.dualstack.us-west-2.amazonaws.com:443/x",
        "https://b.s3.cn-north-1.amazonaws.com.cn/x",
        "https://s3.amazonaws.com/bucket/x",
    ],
)
def test_s3_may_be_answered_at(url: str) -> None:
    assert answers.check_url(url, S3) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        7,
        "",
        "http://b.s3.amazonaws.com/x",
        "https://example.com/x",
        "https://s3.amazonaws.com.example.com/x",
        "https://evils3.amazonaws.com/x",
        "https://s3.amazonaws.com@example.com/x",
        "https://b.s3.amazonaws.com:8443/x",
        "https://169.254.169.254/latest/meta-data",
        "https://ec2.amazonaws.com/x",
        "file:///etc/passwd",
        "https://x/.s3.amazonaws.com",
        "https://b.s3.amazonaws.com\r\nHost: example.com/x",
    ],
)
def test_nothing_else_is_answered_at_and_the_address_is_not_told(url: object) -> None:
    with pytest.raises(BadRequestError) as refused:
        answers.check_url(url, S3)

    assert "ResponseURL: only" in str(refused.value)
    assert "x" not in str(refused.value)


def test_the_endpoint_that_this_process_talks_to_is_s3() -> None:
    assert answers.check_url("http://127.0.0.1:4566/b/x", "http://127.0.0.1:4566")
    with pytest.raises(BadRequestError):
        answers.check_url("http://127.0.0.1:4567/b/x", "http://127.0.0.1:4566")
