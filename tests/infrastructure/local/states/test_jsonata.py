from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from infrastructure.local.states.jsonata import ExpressionFailed, evaluate
from infrastructure.local.states.values import dumps, loads
from tests.infrastructure.local.states.world import give, only, world


def on(source: str, **input_members: Any) -> Any:
    return evaluate(source, {"states": {"input": loads(json.dumps(input_members))}})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$states.input.n", None),
        ("$type($states.input.n)", "null"),
        ("$exists($states.input.n)", True),
        ("$states.input.five + 1", 6),
        ("$states.input.big + 0", 9007199254740992),
        ("$states.input.small * 1", 1e-300),
        ("-0.0", 0),
        ("{'a': $states.input.missing}", {}),
        ("[$states.input.missing]", []),
        ("[1..3]", [1, 2, 3]),
        ("$parse('{\"a\": [1.0, null]}')", {"a": [1, None]}),
        ("$range(1, 7, 3)", [1, 4, 7]),
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$random(7) = $random(7)", True),
        ("$length($uuid())", 36),
        ("$length($replace($string({'ä': '€'}), /[^\\x00-\\x7F]/, 'xxx'))", 13),
        ("$sift($states.input.o, function($v, $k) {$k in ['Kept']})", {"Kept": 1}),
        ("$now() > '2020' and $millis() > 1.5e12", True),
    ],
)
def test_given_an_expression_then_it_has_aws_s_value(source: str, value: Any) -> None:
    result = on(source, n=None, five=5.0, big=9007199254740993, small=1e-300, o={"Kept": 1, "Other": 2})
    assert result == value
    assert isinstance(result, type(value))


@pytest.mark.parametrize(
    "source",
    [
        "$states.input.missing",
        "$",
        "1 / 0",
        "1e308 * 10",
        "$number('1e400')",
        "function($x) {$x}",
        "{'a': $sum}",
        "1 +",
        "$eval('1')",
        "$parse('NaN')",
        "$parse('1e999')",
        "$error('no')",
        "$sift({}, function($v) {true})",
        "($f := function($n) {$f($n) + 1}; $f(1))",
    ],
)
def test_given_no_json_value_then_the_evaluation_fails(source: str) -> None:
    with pytest.raises(ExpressionFailed, match="The JSONata expression"):
        on(source)


def test_given_data_that_looks_like_an_expression_then_it_stays_data() -> None:
    nasty = 'x"} & $error("out") & {% $states %} \\" \n \u2028 é'
    with world() as aws:
        described = aws.output(
            ("Keep", {"Type": "Pass", "Assign": {"kept": "{% $states.input.nasty %}"}, "Next": "Show"}),
            ("Show", give({"variable": "{% $kept %}", "input": "{% $states.input %}"})),
            given={"nasty": nasty},
        )
    assert described == {"variable": nasty, "input": {"nasty": nasty}}


def test_given_undefined_in_a_pass_then_the_execution_fails_with_query_evaluation_error() -> None:
    with world() as aws:
        described = aws.run(only(give("{% $states.input.missing %}")))
        kinds = [event["type"] for event in aws.history(described["executionArn"])]
    assert described["error"] == "States.QueryEvaluationError"
    assert "returned nothing (undefined)" in described["cause"]
    assert kinds == ["ExecutionStarted", "PassStateEntered", "EvaluationFailed", "ExecutionFailed"]


def test_given_shared_data_then_no_function_changes_it() -> None:
    text = '{"input":{"a":[3,1,2],"o":{"x":null}}}'
    data = loads(text)
    for source in (
        "$sort($states.input.a)",
        "$reverse($states.input.a)",
        "$shuffle($states.input.a)",
        "$append($states.input.a, 4)",
        "$states ~> |input|{'a': 1}, 'o'|",
        "$merge([$states.input.o, {'x': 1, 'y': 2}])",
        "$states.input.a[$ > 1]",
        "$zip($states.input.a, [1, 2, 3])",
    ):
        evaluate(source, {"states": data})
    assert dumps(data) == text


def test_given_a_large_input_then_a_simple_expression_costs_no_more() -> None:
    data = loads(json.dumps({"input": {"Do": "run", "MetaData": {str(i): [i, "x" * 20] for i in range(5000)}}}))
    started = time.process_time()
    for _ in range(200):
        assert evaluate("$states.input.Do = 'run'", {"states": data})
        assert evaluate("$merge([{'a': 1}, {'Input': $states.input}])", {"states": data})["Input"] is data["input"]
    assert (time.process_time() - started) / 400 < 0.001


def test_given_many_threads_then_every_evaluation_sees_its_own_data_and_time() -> None:
    wrong: list[Any] = []

    def work(number: int) -> None:
        for turn in range(60):
            value = evaluate(
                "$map([1..5], function($i) {$i * $states.input.n + $millis() * 0}) ~> $sum()",
                {"states": {"input": {"n": number}}, "turn": turn},
            )
            now = evaluate("$millis()", {})
            if value != 15 * number or abs(now - time.time() * 1000) > 2000:
                wrong.append((number, value, now))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
