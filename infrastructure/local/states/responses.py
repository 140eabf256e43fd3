"""Answers of the Step Functions API about executions: complete, paged, and served from what was kept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cache
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions import responses
from moto.stepfunctions.exceptions import ExecutionDoesNotExist, ValidationException
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.api import InvalidToken

from infrastructure.local.states.executions import book
from infrastructure.local.states.retention import Finished
from infrastructure.local.states.values import dumps

_MAX_PAGE = 1000
_DEFAULT_PAGE = 100
_Invalid: Any = InvalidToken
_Response: Any = responses.StepFunctionResponse


def _data(entry: Any) -> tuple[str | None, str | None, str | None, str | None]:
    if isinstance(entry, Finished):
        given, output, error, cause = entry.facts()
        return given, output, error, cause
    output = dumps(entry.output) if str(entry.status) == "SUCCEEDED" else None
    return entry.execution_input, output, entry.error, entry.cause


def _times(entry: Any) -> tuple[datetime.datetime, datetime.datetime | None]:
    if isinstance(entry, Finished):
        return entry.start, entry.stop
    return entry.start_date, entry.stop_date


def _summary(entry: Any) -> dict[str, Any]:
    start, stop = _times(entry)
    facts: dict[str, Any] = {
        "executionArn": entry.exec_arn,
        "name": entry.name,
        "stateMachineArn": entry.state_machine_arn,
        "status": str(entry.status),
        "startDate": start,
    }
    return {**facts, "stopDate": stop} if stop is not None else facts


def _description(entry: Any) -> dict[str, Any]:
    given, output, error, cause = _data(entry)
    facts = {**_summary(entry), "inputDetails": {"included": given is not None}}
    if facts["status"] == "SUCCEEDED":
        facts["outputDetails"] = {"included": output is not None}
    texts = {"input": given, "output": output, "error": error, "cause": cause}
    return {**facts, **{key: text for key, text in texts.items() if text is not None}}


def _page_size(response: Any) -> int:
    size = response._get_param("maxResults") or _DEFAULT_PAGE
    if not 0 < int(size) <= _MAX_PAGE:
        raise ValidationException(f"Value '{size}' at 'maxResults' must be between 0 and {_MAX_PAGE}")
    return int(size)


def _token(response: Any) -> int | None:
    token = response._get_param("nextToken")
    if token is None:
        return None
    if not str(token).isdecimal():
        raise _Invalid()
    return int(token)


def _describe_execution(self: Any) -> ActionResult:
    return ActionResult(_description(self.stepfunction_backend.describe_execution(self._get_param("executionArn"))))


def _stop_execution(self: Any) -> ActionResult:
    entry = self.stepfunction_backend.stop_execution(
        self._get_param("executionArn"), error=self._get_param("error"), cause=self._get_param("cause")
    )
    return ActionResult({"stopDate": _times(entry)[1] or datetime.datetime.now(tz=datetime.UTC)})


def _list_executions(self: Any) -> ActionResult:
    machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    status, size, before = self._get_param("statusFilter"), _page_size(self), _token(self)
    found = [
        entry
        for entry in book(self.stepfunction_backend).of_machine(machine.arn)
        if (status is None or str(entry.status) == status) and (before is None or entry.sequence < before)
    ]
    answer: dict[str, Any] = {"executions": [_summary(entry) for entry in found[:size]]}
    if len(found) > size:
        answer["nextToken"] = str(found[size - 1].sequence)
    return ActionResult(answer)


def _events(entry: Any) -> list[dict[str, Any]]:
    if not isinstance(entry, Finished):
        return list(entry.exec_worker.env.event_manager._history_event_list)
    events = entry.events()
    if events is None:
        raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{entry.exec_arn}'")
    return events


def _get_execution_history(self: Any) -> ActionResult:
    events = _events(self.stepfunction_backend.describe_execution(self._get_param("executionArn")))
    size, last, backwards = _page_size(self), _token(self), bool(self._get_param("reverseOrder"))
    if backwards:
        left = [event for event in reversed(events) if last is None or event["id"] < last]
    else:
        left = [event for event in events if last is None or event["id"] > last]
    answer: dict[str, Any] = {"events": left[:size]}
    if len(left) > size:
        answer["nextToken"] = str(left[size - 1]["id"])
    return ActionResult(answer)


def _send_task_failure(self: Any) -> ActionResult:
    self.stepfunction_backend.send_task_failure(
        self._get_param("taskToken"), error=self._get_param("error"), cause=self._get_param("cause")
    )
    return EmptyResult()


def _with_status(original: Callable[..., Any]) -> Callable[..., Any]:
    def _describe_state_machine(self: Any, state_machine_arn: str) -> Any:
        answer = original(self, state_machine_arn)
        machine = self.stepfunction_backend.describe_state_machine(state_machine_arn)
        if getattr(machine, "deleting", False):
            answer.result["status"] = "DELETING"
        return answer

    return _describe_state_machine


def _name_errors() -> None:
    # moto answers the parser's errors without their codes: the base class reads TYPE, they have `code`.
    for error in vars(api).values():
        if isinstance(error, type) and issubclass(error, AWSError) and error is not AWSError:
            error.TYPE = error.__name__


@cache
def install() -> None:
    """Serve running and finished executions alike, and every error with its code."""
    _name_errors()
    _Response._describe_state_machine = _with_status(_Response._describe_state_machine)
    _Response.describe_execution = _describe_execution
    _Response.stop_execution = _stop_execution
    _Response.list_executions = _list_executions
    _Response.get_execution_history = _get_execution_history
    _Response.send_task_failure = _send_task_failure
