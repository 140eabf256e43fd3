"""Counts the transitions that AWS bills: every state entered, and every retry."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.retry.retry_outcome import RetryOutcome
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField

from infrastructure.local.meter import METER

TRANSITIONS = "states.transitions"
_State: Any = CommonStateField
_ExecutionState: Any = ExecutionState


def _count(env: Any) -> None:
    # Express executions are billed by request and duration.
    if not env.express:
        METER.count(TRANSITIONS)


def _entering(original: Callable[..., None]) -> Callable[..., None]:
    def _eval_body(self: Any, env: Any) -> None:
        _count(env)
        original(self, env)

    return _eval_body


def _retrying(original: Callable[..., Any]) -> Callable[..., Any]:
    def _handle_retry(self: Any, env: Any, failure_event: Any) -> Any:
        outcome = original(self, env=env, failure_event=failure_event)
        if outcome == RetryOutcome.CanRetry:
            _count(env)
        return outcome

    return _handle_retry


@cache
def install() -> None:
    """Count into `METER`."""
    _State._eval_body = _entering(_State._eval_body)
    _ExecutionState._handle_retry = _retrying(_ExecutionState._handle_retry)
