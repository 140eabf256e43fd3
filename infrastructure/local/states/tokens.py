"""Task tokens: found at once, new for every attempt, closed with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from moto.stepfunctions.parser.api import InvalidOutput, InvalidToken, TaskTimedOut
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from infrastructure.local.states.values import MAX_STATE_BYTES

_CallbackTask: Any = state_task_service_callback.StateTaskServiceCallback
_Invalid: Any = InvalidToken
_Backend: Any = StepFunctionsParserBackend
_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_open: dict[str, Any] = {}


def _refused(token: str) -> Exception:
    if _TOKEN.fullmatch(token or ""):
        return TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
    error: Exception = _Invalid()
    return error


def waits(state: Any) -> bool:
    """Whether a state hands out a task token."""
    return isinstance(state, _CallbackTask) and state.resource.condition == ResourceCondition.WaitForTaskToken


@contextmanager
def attempt(state: Any, env: Any) -> Iterator[None]:
    """A token for one attempt at a state, if it needs one."""
    if not isinstance(state, _CallbackTask) or not state._is_integration_pattern():
        yield
        return
    token = env.states.context_object.update_task_token()
    endpoint = env.callback_pool_manager.add(token)
    if waits(state):
        _open[token] = endpoint
    try:
        yield
    finally:
        _open.pop(token, None)
        env.callback_pool_manager._pool.pop(token, None)


def _answer(token: str, outcome: CallbackOutcome) -> None:
    endpoint = _open.pop(token, None)
    if endpoint is None:
        raise _refused(token)
    endpoint.notify(outcome=outcome)


def _send_task_success(_: Any, task_token: str, outcome: str) -> None:
    try:
        json.loads(outcome)
    except (TypeError, ValueError) as error:
        raise InvalidOutput(f"Invalid Output: '{error}'") from error
    if len(outcome.encode()) > MAX_STATE_BYTES:
        raise InvalidOutput("Invalid Output: 'The output exceeds the maximum number of bytes'")
    _answer(task_token, CallbackOutcomeSuccess(callback_id=task_token, output=outcome))


def _send_task_failure(_: Any, task_token: str, error: str | None = None, cause: str | None = None) -> None:
    _answer(task_token, CallbackOutcomeFailure(callback_id=task_token, error=error, cause=cause))


def _send_task_heartbeat(_: Any, task_token: str) -> None:
    endpoint = _open.get(task_token)
    if endpoint is None:
        raise _refused(task_token)
    endpoint.notify_heartbeat()


def _eval_body(self: Any, env: Any) -> None:
    if self._is_integration_pattern():
        self._assert_integration_pattern_is_supported()
    any_task: Any = StateTask
    any_task._eval_body(self, env)
    env.states.context_object.context_object_data.pop("Task", None)


def _interruptible(original: Callable[..., Any]) -> Callable[..., Any]:
    def _eval_wait_for_task_token(self: Any, env: Any, *args: Any, callback_endpoint: Any, **kwargs: Any) -> Any:
        env.at_halt = callback_endpoint.interrupt_all
        if env.halted.is_set():
            callback_endpoint.interrupt_all()
        return original(self, env, *args, callback_endpoint=callback_endpoint, **kwargs)

    return _eval_wait_for_task_token


@cache
def install() -> None:
    """Look tokens up by themselves instead of in every execution, and end them with their attempt."""
    _CallbackTask._eval_body = _eval_body
    _CallbackTask._eval_wait_for_task_token = _interruptible(_CallbackTask._eval_wait_for_task_token)
    _Backend.send_task_success = _send_task_success
    _Backend.send_task_failure = _send_task_failure
    _Backend.send_task_heartbeat = _send_task_heartbeat
