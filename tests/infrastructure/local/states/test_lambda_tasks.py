from __future__ import annotations

import json
import threading
from typing import Any

import boto3
import pytest

from infrastructure.local.iam.denials import DENIALS
from infrastructure.local.invocation import Invocation
from infrastructure.local.lambdas.errors import exited, timed_out, unknown_function
from infrastructure.local.states.lambda_tasks import install
from tests.infrastructure.local.states.world import ALL, Failed, give, only, task, world


def test_given_an_invocation_then_the_result_is_the_optimized_integration_s() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: {"got": event, "float": 5.0}
        result = aws.output(only(task(Output="{% $states.result %}")), given={"é": None})
    assert result["Payload"] == {"got": {"é": None}, "float": 5}
    assert result["StatusCode"] == 200
    assert result["ExecutedVersion"] == "$LATEST"
    assert {"SdkHttpMetadata", "SdkResponseMetadata"} < set(result)


def test_given_a_function_arn_as_resource_then_its_payload_is_the_result() -> None:
    state = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    with world() as aws:
        aws.functions["f"] = lambda event: event["a"] + 1
        assert aws.output(only(state), given={"a": 1}) == 2


def test_given_a_failed_function_then_error_type_and_payload_are_error_and_cause() -> None:
    def fail(event: Any) -> Any:
        raise Failed("MasExecutionError", "out of range")

    with world() as aws:
        aws.functions["f"] = fail
        described = aws.run(only(task()))
    assert described["error"] == "MasExecutionError"
    assert json.loads(described["cause"]) == {"errorType": "MasExecutionError", "errorMessage": "out of range"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Invocation(timed_out("id", 3), "Unhandled"), "Sandbox.Timedout"),
        (Invocation(exited("id", 1), "Unhandled"), "Runtime.ExitError"),
        (unknown_function("arn:aws:lambda:us-east-1:123456789012:function:f"), "Lambda.ResourceNotFoundException"),
        (Invocation(b'{"errorMessage": "Task timed out after 3.00 seconds"}', "Unhandled"), "Sandbox.Timedout"),
        (Invocation(b'{"errorType": "States.Odd", "errorMessage": "x"}', "Unhandled"), "States.Odd"),
        (Invocation(b"not json", "Unhandled"), "Lambda.Unknown"),
    ],
)
def test_given_the_platform_s_failures_then_they_can_be_caught_by_name(answer: Invocation, error: str) -> None:
    with world() as aws:
        install(lambda name, payload: answer)
        caught = [{"ErrorEquals": [error], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}]
        state = task(Catch=caught) if error != "States.Odd" else task(Catch=[{**caught[0], "ErrorEquals": ALL}])
        assert aws.output(only(state), ("Caught", {"Type": "Succeed"})) == error


def test_given_a_timeout_expression_then_the_task_fails_without_waiting_for_its_function() -> None:
    release = threading.Event()
    with world() as aws:
        aws.functions["f"] = lambda event: release.wait(20) and {}
        state = task(
            TimeoutSeconds="{% $states.input.Seconds %}",
            Catch=[{"ErrorEquals": ["States.Timeout"], "Output": "timed out", "Next": "Caught"}],
        )
        arn = aws.start(aws.create(only(state), ("Caught", {"Type": "Succeed"})), {"Seconds": 1})
        described = aws.end(arn, 5)
        before = len(aws.history(arn))
        release.set()
        assert json.loads(described["output"]) == "timed out"
        assert len(aws.history(arn)) == before


def test_given_a_retry_with_jitter_then_the_function_is_called_again_and_its_output_kept() -> None:
    calls: list[Any] = []

    def second_time(event: Any) -> Any:
        calls.append(event)
        if len(calls) < 3:
            raise Failed("Again", "not yet")
        return {"calls": len(calls)}

    retry = {"ErrorEquals": ["Again"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 5}
    with world() as aws:
        aws.functions["f"] = second_time
        state = task(
            Retry=[{**retry, "MaxDelaySeconds": 3, "JitterStrategy": "FULL"}],
            Output="{% {'r': $states.result.Payload.calls, 'n': $states.context.State.RetryCount} %}",
        )
        assert aws.output(only(state), given={"a": 1}) == {"r": 3, "n": 2}
    assert calls == [{"a": 1}] * 3


def test_given_an_output_that_fails_then_it_can_be_caught_with_the_input_unchanged() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: {}
        state = task(
            Output="{% $states.result.Payload.missing %}",
            Catch=[
                {
                    "ErrorEquals": ["States.QueryEvaluationError"],
                    "Output": {"error": "{% $states.errorOutput.Error %}", "input": "{% $states.input %}"},
                    "Next": "Caught",
                }
            ],
        )
        output = aws.output(only(state), ("Caught", {"Type": "Succeed"}), given={"a": 1})
    assert output == {"error": "States.QueryEvaluationError", "input": {"a": 1}}


def test_given_an_answer_that_is_no_json_number_then_the_task_fails() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: b'{"a": NaN}'
        assert aws.run(only(task()))["error"] == "States.Runtime"


def test_given_assign_and_output_then_both_see_the_variables_from_before() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: 7
        output = aws.output(
            ("First", give("{% $states.input %}", Assign={"v": 1}, Next="Second")),
            ("Second", task(Assign={"v": "{% $states.result.Payload %}"}, Output="{% $v %}", Next="Third")),
            ("Third", give({"second": "{% $states.input %}", "v": "{% $v %}"})),
        )
    assert output == {"second": 1, "v": 7}


def test_given_a_role_that_may_not_invoke_the_function_then_the_task_fails_as_lambda_refuses_it() -> None:
    with world() as aws:
        aws.functions["f"] = lambda event: event
        iam = boto3.client("iam", region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s")
        iam.create_role(RoleName="machine", AssumeRolePolicyDocument="{}")
        other = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "arn:aws:lambda:*:*:function:g"}
        document = json.dumps({"Version": "2012-10-17", "Statement": other})
        iam.put_role_policy(RoleName="machine", PolicyName="p", PolicyDocument=document)
        described = aws.run(only(task()))
    assert described["error"] == "Lambda.AWSLambdaException"
    assert "is not authorized to perform: lambda:InvokeFunction" in described["cause"]
    assert [denial.resource for denial in DENIALS.take()] == ["arn:aws:lambda:us-east-1:123456789012:function:f"]
