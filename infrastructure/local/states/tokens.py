"""Task tokens: found at once, new for every attempt, closed with it."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, InvalidOutput, InvalidToken, TaskTimedOut
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
    CallbackOutcomeTimedOut,
    HeartbeatTimedOut,
    HeartbeatTimeoutError,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from infrastructure.local.states.limits import HEARTBEAT_TIMEOUT
from infrastructure.local.states.timers import TIMERS
from infrastructure.local.states.values import MAX_STATE_BYTES, dumps

_ErrorName: Any = ErrorName
_ServiceTask: Any = state_task_service.StateTaskService
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


def _submitted(original: Callable[..., None]) -> Callable[..., None]:
    def _after_eval_execution(self: Any, env: Any, **facts: Any) -> None:
        if not waits(self):
            original(self, env=env, **facts)
            return
        details = {"resource": self._get_sfn_resource(), "resourceType": self._get_sfn_resource_type()}
        details |= {"output": dumps(env.stack[-1]), "outputDetails": {"truncated": False}}
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.TaskSubmitted,
            event_details={"taskSubmittedEventDetails": details},
        )

    return _after_eval_execution


def await_answer(state: Any, env: Any) -> None:
    """Wait for the answer to a token that was handed out, and leave it on the stack.

    Raises what moto has for a failure, a timeout and a missed heartbeat. An execution that ends interrupts it.
    """
    nothing = dict.fromkeys(("resource_runtime_part", "normalised_parameters", "state_credentials"))
    state._eval_integration_pattern(env=env, **nothing)
    _ServiceTask._after_eval_execution(state, env=env, **nothing)


def _eval_wait_for_task_token(
    self: Any, env: Any, timeout_seconds: float, callback_endpoint: Any, heartbeat_endpoint: Any
) -> Any:
    env.at_halt = callback_endpoint.interrupt_all
    if not env.is_running():
        callback_endpoint.interrupt_all()
    # moto lets a heartbeat bring a timeout of 60 seconds with it, AWS doesn't.
    seconds = None if self.timeout.is_default_value() else timeout_seconds
    with TIMERS.after(seconds, callback_endpoint.interrupt_all):
        if heartbeat_endpoint is None:
            callback_endpoint._notify_event.wait()
        elif _fell_silent(callback_endpoint._notify_event, heartbeat_endpoint):
            return HeartbeatTimedOut()
    return callback_endpoint.get_outcome() or CallbackOutcomeTimedOut(callback_endpoint.callback_id)


def _fell_silent(ended: threading.Event, beats: Any) -> bool:
    """Wait for the end; true when a heartbeat was missed before."""
    beat, missed = beats._next_heartbeat_event, threading.Event()

    def miss() -> None:
        missed.set()
        beat.set()

    while not ended.is_set():
        with TIMERS.after(beats._heartbeat_seconds, miss):
            beat.wait()
        beat.clear()
        if missed.is_set():
            return not ended.is_set()
    return False


def _silent(original: Callable[..., Any]) -> Callable[..., Any]:
    def _from_error(self: Any, env: Any, ex: Exception) -> Any:
        event = original(self, env=env, ex=ex)
        if isinstance(ex, HeartbeatTimeoutError):
            # The history says States.Timeout, as AWS's does; only retriers and catchers can tell the difference.
            event.error_name = _ErrorName(error_name=HEARTBEAT_TIMEOUT)
        return event

    return _from_error


@cache
def install() -> None:
    """Look tokens up by themselves instead of in every execution, and end them with their attempt."""
    _CallbackTask._eval_body = _eval_body
    _CallbackTask._after_eval_execution = _submitted(_CallbackTask._after_eval_execution)
    _CallbackTask._eval_wait_for_task_token = _eval_wait_for_task_token
    _CallbackTask._from_error = _silent(_CallbackTask._from_error)
    _Backend.send_task_success = _send_task_success
    _Backend.send_task_failure = _send_task_failure
    _Backend.send_task_heartbeat = _send_task_heartbeat
