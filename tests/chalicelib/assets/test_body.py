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
    (b'{"OperatorName": "a", "Results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deep"),
]


@pytest.mark.parametrize(("raw", "message"), BAD, ids=range(len(BAD)))
def test_bad_bodies_are_refused_with_a_reason(raw: bytes, message: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        body.read(raw)
    assert message in str(caught.value)


def test_results_are_sliced_out_as_they_are_spelled() -> None:
    results = '{ "Results" : {"OperatorName":"inner", "n":' + "9" * 5000 + ', "s":"}\\"{" } ,"e":1E+2}'
    given = body.read(f'\t{{"WorkflowId":"w-1","Results"\n: {results}\r\n,"OperatorName" :"a.b_c-d"}} '.encode())
    assert given == body.Submission("a.b_c-d", "w-1", results.encode())


def test_of_equal_names_the_last_counts() -> None:
    given = body.read(b'{"Results": {"a": 1}, "OperatorName": "x", "Results": {"b":2}, "OperatorName": "y"}')
    assert given == body.Submission("y", "none", b'{"b":2}')
