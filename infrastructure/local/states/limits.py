"""Quotas of Step Functions, and which errors a retrier or catcher may name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.stepfunctions.parser import quotas
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry.retry_outcome import RetryOutcome
from moto.stepfunctions.parser.asl.component.state.choice import state_choice
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval.event import event_manager

from infrastructure.local.states.patching import rebind
from infrastructure.local.states.values import fits

TOO_LARGE = "States.DataLimitExceeded"
_RUNTIME = "States.Runtime"
TIMEOUT = "States.Timeout"
HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout"
_TIMEOUTS = frozenset({TIMEOUT, HEARTBEAT_TIMEOUT})
_NO_WILDCARD = frozenset({TOO_LARGE, _RUNTIME})
"""Errors that `States.ALL` and `States.TaskFailed` don't stand for."""

_ENDS = frozenset(
    {
        HistoryEventType.ExecutionSucceeded,
        HistoryEventType.ExecutionFailed,
        HistoryEventType.ExecutionAborted,
        HistoryEventType.ExecutionTimedOut,
    }
)
_ErrorEquals: Any = ErrorEqualsDecl
_ExecutionState: Any = ExecutionState
_EventManager: Any = event_manager.EventManager
_Context: Any = event_manager.EventHistoryContext
_Choice: Any = state_choice.StateChoice


class History:
    """The quota of events; a test may lower it."""

    limit = 25_000


def matches(names: list[str | None], error: str | None) -> bool:
    """Whether the `ErrorEquals` of a retrier or catcher stands for an error."""
    if error in names:
        return True
    if error in _NO_WILDCARD:
        return False
    if error == HEARTBEAT_TIMEOUT and TIMEOUT in names:
        return True
    return "States.ALL" in names or ("States.TaskFailed" in names and error not in _TIMEOUTS)


def _eval_error_equals(self: Any, env: Any) -> None:
    error = env.stack.pop()
    env.stack.append(matches([name.error_name for name in self.error_names], error and error.error_name))


def _final(state: Any, event: Any) -> bool:
    # A Parallel's or Map's own result, or a branch's: AWS fails the execution whatever the catchers say.
    too_large = event.error_name is not None and event.error_name.error_name == TOO_LARGE
    return too_large and not isinstance(state, StateTask)


def _retrying(original: Callable[..., Any]) -> Callable[..., Any]:
    def _handle_retry(self: Any, env: Any, failure_event: Any) -> Any:
        if _final(self, failure_event):
            return RetryOutcome.NoRetrier
        return original(self, env=env, failure_event=failure_event)

    return _handle_retry


def _catching(original: Callable[..., Any]) -> Callable[..., Any]:
    def _handle_catch(self: Any, env: Any, failure_event: Any) -> None:
        if _final(self, failure_event):
            env.stack.append(CatchOutcome.NotCaught)
        else:
            original(self, env=env, failure_event=failure_event)

    return _handle_catch


def _recorded_before(event_type: str, details: Any) -> bool:
    # The evaluator records its failures with the state's name; a Task reports them once more without.
    return event_type == HistoryEventType.EvaluationFailed and not details["evaluationFailedEventDetails"].get(
        "state"
    )


def _overflow(manager: Any) -> None:
    cause = f"The execution reached the maximum number of history events ({History.limit})."
    manager.owner.set_error(error=ExecutionFailedEventDetails(error=_RUNTIME, cause=cause))


def _append(manager: Any, context: Any, event_type: Any, details: Any, moment: Any, follow: bool) -> int:
    events: list[dict[str, Any]] = manager._history_event_list
    event: dict[str, Any] = dict(details or {})
    event["id"] = number = len(events) + 1
    event["previousEventId"] = context.source_event_id
    event["type"] = event_type
    event["timestamp"] = iso_8601_datetime_with_milliseconds(moment or manager._get_current_timestamp())
    events.append(event)
    context.last_published_event_id = number
    if follow:
        context.source_event_id = number
    return number


def _add_event(
    self: Any,
    context: Any,
    event_type: Any,
    event_details: Any = None,
    timestamp: Any = None,
    update_source_event_id: bool = True,
) -> int:
    if context.closed or _recorded_before(event_type, event_details):
        return int(context.last_published_event_id)
    ends = event_type in _ENDS
    with self._mutex:
        if self.ended or (self.full and not ends):
            return int(context.last_published_event_id)
        self.ended = ends
        if ends or len(self._history_event_list) + 1 < History.limit:
            return _append(self, context, event_type, event_details, timestamp, update_source_event_id)
        self.full = True
    _overflow(self)
    return int(context.last_published_event_id)


def _no_choice_matched(self: Any, env: Any) -> Exception:
    name: Any = StatesErrorName(typ=StatesErrorNameType.StatesNoChoiceMatched)
    details = ExecutionFailedEventDetails(
        error=name.error_name, cause=f"No choice rule of the state '{self.name}' matched and it has no Default"
    )
    event: Any = FailureEvent
    failure: Any = FailureEventException
    error: Exception = failure(
        failure_event=event(
            env=env,
            error_name=name,
            event_type=HistoryEventType.ExecutionFailed,
            event_details={"executionFailedEventDetails": details},
        )
    )
    return error


def _eval_choice(self: Any, env: Any) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise _no_choice_matched(self, env)
    env.stack.append(self.default_state.state_name)


@cache
def install() -> None:
    """Enforce sizes in UTF-8 bytes, the number of events, and what wildcards stand for."""
    rebind(quotas.is_within_size_quota, fits)
    _ErrorEquals._eval_body = _eval_error_equals
    _ExecutionState._handle_retry = _retrying(_ExecutionState._handle_retry)
    _ExecutionState._handle_catch = _catching(_ExecutionState._handle_catch)
    _Choice._eval_state = _eval_choice
    _Context.closed = False
    _EventManager.owner = None
    _EventManager.ended = _EventManager.full = False
    _EventManager.add_event = _add_event
