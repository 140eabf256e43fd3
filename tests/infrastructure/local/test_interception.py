"""Every AWS call of a function of this process can fail, take effect and fail, or end the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

from infrastructure.local import interception
from infrastructure.local.interception import Call, Perform, ProcessEnded, intercepted
from infrastructure.local.lambdas.functions import Functions

BUCKET = "notes"


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Functions]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        running = Functions()
        s3().create_bucket(Bucket=BUCKET)
        yield running
        running.stop()


def s3() -> Any:
    return boto3.client("s3", region_name="us-east-1")


def put(key: str) -> None:
    s3().put_object(Bucket=BUCKET, Key=key, Body=b"")


def keys() -> list[str]:
    return [entry["Key"] for entry in s3().list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def invoke(functions: Functions, handler: Callable[[Any, Any], Any], name: str = "engine") -> tuple[Any, str | None]:
    functions.register_in_process(name, handler)
    answer = functions.invoke(name, b"{}")
    return json.loads(answer.payload), answer.error


def two_notes(event: Any, context: Any) -> str:
    put("first")
    put("second")
    return str(context.aws_request_id)


def test_an_interceptor_stands_around_each_call_and_knows_who_makes_it(functions: Functions) -> None:
    seen: list[Call] = []

    def note(call: Call, perform: Perform) -> Any:
        seen.append(call)
        return perform()

    with intercepted(note):
        put("not by a function")
        request_id, error = invoke(functions, two_notes)
    invoke(functions, two_notes)

    assert error is None
    assert [(call.service, call.operation, call.function, call.invocation) for call in seen] == [
        ("s3", "PutObject", "engine", request_id)
    ] * 2
    assert [call.parameters["Key"] for call in seen] == ["first", "second"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (interception.client_error, ClientError),
        (interception.not_reached, EndpointConnectionError),
        (interception.never_answered, ReadTimeoutError),
    ],
)
@pytest.mark.parametrize(("takes_effect", "left"), [(False, []), (True, ["first"])])
def test_a_call_fails_instead_of_or_after_taking_effect(
    functions: Functions,
    fault: Callable[[Call], Exception],
    kind: type[Exception],
    takes_effect: bool,
    left: list[str],
) -> None:
    def fail(call: Call, perform: Perform) -> Any:
        if takes_effect:
            perform()
        raise fault(call)

    with intercepted(fail):
        error, _ = invoke(functions, two_notes)

    assert error["errorType"] == kind.__name__
    assert keys() == left


@pytest.mark.parametrize(("takes_effect", "left"), [(False, []), (True, ["first"])])
def test_a_process_ends_at_a_call_and_nothing_of_its_handler_goes_on(
    functions: Functions, takes_effect: bool, left: list[str]
) -> None:
    def die(call: Call, perform: Perform) -> Any:
        if takes_effect:
            perform()
        raise ProcessEnded

    def stubborn(event: Any, context: Any) -> str:
        try:
            put("first")
        except Exception:
            put("in except")
        finally:
            put("in finally")
        return "survived"

    with intercepted(die):
        error, kind = invoke(functions, stubborn)

    assert (error["errorType"], kind) == ("Runtime.ExitError", "Unhandled")
    assert error["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert keys() == left


def test_even_a_handler_that_catches_everything_has_exited(functions: Functions) -> None:
    def die(call: Call, perform: Perform) -> Any:
        raise ProcessEnded

    def deaf(event: Any, context: Any) -> str:
        for key in ("first", "second"):
            try:
                put(key)
            except BaseException:
                continue
        raise LookupError("of its own")

    with intercepted(die):
        error, _ = invoke(functions, deaf)

    assert error["errorType"] == "Runtime.ExitError"
    assert keys() == []


def test_a_function_that_another_one_invokes_has_calls_of_its_own(functions: Functions) -> None:
    seen: list[tuple[str, str]] = []

    def note(call: Call, perform: Perform) -> Any:
        seen.append((call.function, call.operation))
        if call.function == "inner":
            raise ProcessEnded
        return perform()

    def outer(event: Any, context: Any) -> Any:
        answer, error = invoke(functions, two_notes, "inner")
        put("after")
        return [answer["errorType"], error]

    with intercepted(note):
        answer, error = invoke(functions, outer, "outer")

    assert (answer, error) == (["Runtime.ExitError", "Unhandled"], None)
    assert seen == [("inner", "PutObject"), ("outer", "PutObject")]
    assert keys() == ["after"]


def test_there_is_one_interceptor_at_a_time(functions: Functions) -> None:
    def note(call: Call, perform: Perform) -> Any:
        return perform()

    with intercepted(note), pytest.raises(RuntimeError), intercepted(note):
        pass
