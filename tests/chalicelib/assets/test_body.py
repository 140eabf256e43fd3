"""What POST /metadata takes for a body."""

from __future__ import annotations

import pytest

from chalicelib.assets import body
from chalicelib.web.errors import BadRequestError

BAD = [
    (b"", "not valid JSON"),
    (b"null", "an object is expected"),
    (b"[]", "an object is expected"),
    (b'"x', "not valid JSON"),
    (b"{", "not valid JSON"),
    (b"{,}", "not valid JSON"),
    (b'{"Results": {}', "not valid JSON"),
    (b'{"Results": {} "OperatorName": "a"}', "not valid JSON"),
    (b'{"Results": {},}', "not valid JSON"),
    (b'{"Results" {}}', "not valid JSON"),
    (b"{Results: {}}", "not valid JSON"),
    (b'{"Results": {}} x', "not valid JSON"),
    (b"\xff{}", "not UTF-8"),
    (b"\xef\xbb\xbf{}", "not valid JSON"),
    (b"{}", "Missing required inputs for storing metadata: 'OperatorName'"),
    (b'{"OperatorName": "a"}', "Missing required inputs for storing metadata: 'Results'"),
    (b'{"OperatorName": "a", "Results": []}', "Results: "),
    (b'{"OperatorName": "a", "Results": "x"}', "Results: "),
    (b'{"OperatorName": "a", "Results": null}', "Results: "),
    (b'{"OperatorName": "a", "Results": {"x": NaN}}', "NaN"),
    (b'{"OperatorName": "a", "Results": {"x": -Infinity}}', "-Infinity"),
    (b'{"OperatorName": null, "Results": {}}', "OperatorName"),
    (b'{"OperatorName": 5, "Results": {}}', "OperatorName"),
    (b'{"OperatorName": 9007199254740993, "Results": {}}', "2^53"),
    (b'{"OperatorName": "", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "a/b", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "..", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "a\\n", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "{% x %}", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "a#b", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "\\ud800", "Results": {}}', "surrogate"),
    ('{"OperatorName": "é", "Results": {}}'.encode(), "OperatorName"),
    (b'{"OperatorName": "' + b"a" * 129 + b'", "Results": {}}', "OperatorName"),
    (b'{"OperatorName": "a", "WorkflowId": null, "Results": {}}', "WorkflowId"),
    (b'{"OperatorName": "a", "WorkflowId": "../x", "Results": {}}', "WorkflowId"),
    (b'{"OperatorName": "a", "ResultsKey": 5}', "ResultsKey"),
    (b'{"OperatorName": "a", "ResultsKey": null}', "ResultsKey"),
    (b'{"OperatorName": "a", "ResultsKey": "k", "Results": {}}', "not both"),
    (b'{"ResultsKey": "k"}', "OperatorName"),
    (b'{"OperatorName": "a", "Results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
]


def nothing_there(key: str) -> bytes:
    raise AssertionError(f"{key} was fetched")


@pytest.mark.parametrize(("raw", "message"), BAD, ids=range(len(BAD)))
def test_bad_bodies_are_refused_with_a_reason(raw: bytes, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        body.read(raw, nothing_there)
    assert message in str(caught.value)


def test_results_are_sliced_out_as_they_are_spelled() -> None:
    results = '{ "Results" : {"OperatorName":"inner", "n":' + "9" * 5000 + ', "s":"}\\"{" } ,"e":1E+2}'
    given = body.read(
        f'\t{{"WorkflowId":"w-1","Results"\n: {results}\r\n,"OperatorName" :"a.b_c-d"}} '.encode(), nothing_there
    )
    assert given == body.Submission("a.b_c-d", "w-1", results.encode())


def test_of_equal_names_the_last_counts() -> None:
    given = body.read(
        b'{"Results": {"a": 1}, "OperatorName": "x", "Results": {"b":2}, "OperatorName": "y"}', nothing_there
    )
    assert given == body.Submission("y", "none", b'{"b":2}')


def test_results_that_lie_in_the_bucket_are_fetched_and_stay_as_they_are_spelled() -> None:
    there = {"k": b' {"n": 1.10,\n "deep": {"ResultsKey": 1}}\n'}
    given = body.read(b'{"OperatorName": "a", "ResultsKey": "k"}', there.__getitem__)
    assert given == body.Submission("a", "none", there["k"].strip())


@pytest.mark.parametrize(
    "document", [b"", b"[]", b'"x"', b"{", b'{"x": NaN}', b"\xff", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"]
)
def test_what_lies_in_the_bucket_must_be_what_results_may_be(document: bytes) -> None:
    with pytest.raises(BadRequestError, match="ResultsKey: of the document there: "):
        body.read(b'{"OperatorName": "a", "ResultsKey": "k"}', lambda _: document)
