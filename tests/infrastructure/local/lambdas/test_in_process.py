"""Functions in threads of this process keep Lambda's contract."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from infrastructure.local.lambdas.functions import Functions


@pytest.fixture
def functions() -> Iterator[Functions]:
    running = Functions()
    yield running
    running.stop()


def answer(functions: Functions, handler: Any, payload: bytes = b"{}") -> tuple[Any, str | None]:
    functions.register_in_process("engine", handler)
    invocation = functions.invoke("arn:aws:lambda:us-east-1:123456789012:function:engine", payload)
    return json.loads(invocation.payload), invocation.error


def test_event_and_answer_go_through_json(functions: Functions) -> None:
    kept: list[dict[str, Any]] = [{}]

    def handler(event: dict[str, Any], context: Any) -> Any:
        kept[0] = {"tuple": (1, 2), "event": event, "price": Decimal("1.5")}
        return kept[0]

    assert answer(functions, handler, b'{"a": 1}') == ({"tuple": [1, 2], "event": {"a": 1}, "price": 1.5}, None)


def test_text_is_answered_as_it_is_and_not_in_escapes(functions: Functions) -> None:
    functions.register_in_process("engine", lambda e, c: "é" * 3_000_000)
    invocation = functions.invoke("arn:aws:lambda:us-east-1:123456789012:function:engine", b"{}")
    assert (len(invocation.payload), invocation.error) == (6_000_002, None)


def test_an_exception_is_shaped_as_lambdas(functions: Functions) -> None:
    def handler(event: Any, context: Any) -> None:
        raise LookupError("nothing here")

    error, kind = answer(functions, handler)

    assert (error["errorType"], error["errorMessage"], kind) == ("LookupError", "nothing here", "Unhandled")
    assert len(error["requestId"]) == 36
    assert len(error["stackTrace"]) == 1
    assert "in handler" in error["stackTrace"][0]


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        (lambda e, c: object(), "Runtime.MarshalError"),
        (lambda e, c: sys.exit(3), "Runtime.ExitError"),
        (lambda e, c: "x" * 6_291_456, "Function.ResponseSizeTooLarge"),
    ],
)
def test_what_cannot_be_answered_is_an_error(functions: Functions, handler: Any, error_type: str) -> None:
    error, kind = answer(functions, handler)

    assert (error["errorType"], kind) == (error_type, "Unhandled")


def test_a_bad_payload_and_an_oversized_one_are_errors(functions: Functions) -> None:
    assert answer(functions, lambda e, c: e, b"{")[0]["errorType"] == "Runtime.UnmarshalError"
    assert answer(functions, lambda e, c: e, b"1" * 6_291_457)[0]["errorType"] == (
        "Lambda.RequestEntityTooLargeException"
    )


def test_the_context_tells_name_arn_and_time(functions: Functions) -> None:
    def handler(event: Any, context: Any) -> Any:
        return [context.function_name, context.invoked_function_arn, context.get_remaining_time_in_millis()]

    (name, arn, left), _ = answer(functions, handler)

    assert (name, arn) == ("engine", "arn:aws:lambda:us-east-1:123456789012:function:engine")
    assert 0 < left <= 60000
