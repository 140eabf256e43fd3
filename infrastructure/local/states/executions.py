"""Executions by ARN: start, stop, find and end them by AWS's rules, without walking all of them."""

from __future__ import annotations

import datetime
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from moto.stepfunctions import models, urls
from moto.stepfunctions.exceptions import (
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    InvalidExecutionInput,
    InvalidName,
)
from moto.stepfunctions.parser.api import (
    ExecutionStartedEventDetails,
    ExecutionStatus,
    HistoryEventExecutionDataDetails,
    HistoryEventType,
    StateMachineDeleting,
)
from moto.stepfunctions.parser.backend import execution, execution_worker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend, stepfunctions_parser_backends

from infrastructure.local.clock import CLOCK
from infrastructure.local.states.patching import rebind
from infrastructure.local.states.retention import Finished, Retention
from infrastructure.local.states.values import MAX_STATE_BYTES, dumps, loads

_backends: Any = stepfunctions_parser_backends
_Backend: Any = StepFunctionsParserBackend
_Execution: Any = execution.Execution
_Reporter: Any = execution.BaseExecutionWorkerCommunication
_Worker: Any = execution_worker.ExecutionWorker
_sequence = itertools.count(1)

CHANGED: list[Callable[[Any], None]] = []
"""Called with a moto execution after its status became RUNNING, and again after it ended."""


class Book:
    """The executions of one account and region."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.by_arn: dict[str, Any] = {}
        self.by_machine: dict[str, dict[str, Any]] = {}
        self.retention = Retention()
        self._ending = 0

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Count an end as under way until everybody has been told of it."""
        with self.lock:
            self._ending += 1
        try:
            yield
        finally:
            with self.lock:
                self._ending -= 1

    def busy(self) -> int:
        """How many executions run, or have ended without everybody's being told."""
        with self.lock:
            return len(self.running()) + self._ending

    def enter(self, arn: str, entry: Any) -> None:
        """Add an execution, or put its finished form in its place."""
        with self.lock:
            self.by_arn[arn] = entry
            self.by_machine.setdefault(entry.state_machine_arn, {})[arn] = entry

    def remove(self, entry: Any) -> None:
        """Forget an execution, but not another one that got its name since."""
        with self.lock:
            arn, machine = entry.exec_arn, entry.state_machine_arn
            if self.by_arn.get(arn) is entry:
                del self.by_arn[arn]
                self.by_machine.get(machine, {}).pop(arn, None)

    def of_machine(self, arn: str) -> list[Any]:
        """A machine's executions, the latest first."""
        with self.lock:
            return sorted(self.by_machine.get(arn, {}).values(), key=lambda entry: -entry.sequence)

    def running(self, arn: str | None = None) -> list[Any]:
        """Executions that haven't ended, of one machine or of all."""
        with self.lock:
            entries = self.by_arn if arn is None else self.by_machine.get(arn, {})
            return [entry for entry in entries.values() if not isinstance(entry, Finished)]

    def drop_machine(self, arn: str) -> None:
        """Forget a deleted machine's executions."""
        with self.lock:
            for execution_arn in self.by_machine.pop(arn, {}):
                self.by_arn.pop(execution_arn, None)


class _Snapshot:
    """The part of a state machine that an execution keeps when the machine is updated."""

    def __init__(self, machine: Any) -> None:
        self.arn, self.name, self.definition = machine.arn, machine.name, machine.definition
        self.roleArn, self.sm_type = machine.roleArn, machine.sm_type


def _now() -> datetime.datetime:
    return datetime.datetime.fromtimestamp(CLOCK.now(), tz=datetime.UTC)


def book(backend: Any) -> Book:
    """The book of a backend; a reset of moto gives it a new one."""
    kept = vars(backend).get("executions_book")
    if kept is None:
        kept = vars(backend).setdefault("executions_book", Book())
    return kept  # type: ignore[no-any-return]


def find(backend: Any, arn: str) -> Any:
    """An execution, running or finished. Raises ExecutionDoesNotExist."""
    entry = book(backend).by_arn.get(arn)
    if entry is None:
        raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
    return entry


def _snapshot(machine: Any) -> _Snapshot:
    kept = vars(machine).get("snapshot")
    if kept is None or (kept.definition, kept.roleArn) != (machine.definition, machine.roleArn):
        kept = machine.snapshot = _Snapshot(machine)
    return kept  # type: ignore[no-any-return]


def _checked_input(text: str) -> Any:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_STATE_BYTES:
        raise InvalidExecutionInput(f"Invalid Execution Input: {size} bytes, the limit is {MAX_STATE_BYTES}")
    try:
        return loads(text)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error


def _checked_name(backend: Any, name: str | None) -> str:
    if name is None:
        return str(uuid.uuid4())
    if not name:
        raise InvalidName("Invalid Name: ''")
    backend._validate_name(name)
    return name


def _known(backend: Any, arn: str, text: str) -> Any:
    entry = book(backend).by_arn.get(arn)
    if entry is None:
        return None
    if isinstance(entry, Finished) or entry.status != "RUNNING" or entry.execution_input != text:
        raise ExecutionAlreadyExists(f"Execution Already Exists: '{arn}'")
    return entry


def _new(backend: Any, machine: Any, name: str, arn: str, trace: str | None) -> Any:
    snapshot = _snapshot(machine)
    made = _Execution(
        name=name,
        sm_type=snapshot.sm_type,
        role_arn=snapshot.roleArn,
        exec_arn=arn,
        account_id=backend.account_id,
        region_name=backend.region_name,
        state_machine=snapshot,
        start_date=_now(),
        cloud_watch_logging_session=None,
        input_data="{}",
        trace_header=trace,
        activity_store={},
    )
    made.exec_status, made.sequence, made.book = ExecutionStatus.RUNNING, next(_sequence), book(backend)
    return made


def _start_execution(
    self: Any,
    state_machine_arn: str,
    name: str | None = None,
    execution_input: str | None = None,
    trace_header: str | None = None,
) -> Any:
    machine = self.describe_state_machine(state_machine_arn)
    name, text = _checked_name(self, name), "{}" if execution_input is None else execution_input
    given = _checked_input(text)
    arn = f"arn:{self.partition}:states:{self.region_name}:{self.account_id}:execution:{machine.name}:{name}"
    with book(self).lock:
        if getattr(machine, "deleting", False):
            raise StateMachineDeleting(f"State Machine is being deleted: '{state_machine_arn}'")
        known = _known(self, arn, text)
        if known is not None:
            return known
        made = _new(self, machine, name, arn, trace_header)
        made.input_data, made.execution_input = given, text
        # whoever finds it in the book may ask for its history, or stop it, before it runs
        made.exec_worker = made._get_start_execution_worker()
        made.exec_worker.prepare()
        book(self).enter(arn, made)
    made.start()
    return made


def _begin(self: Any) -> None:
    for changed in CHANGED:
        changed(self)
    self.exec_worker.start()


def _run(self: Any) -> None:
    details = ExecutionStartedEventDetails(
        input=dumps(self._evaluation_details.execution_details.inpt),
        inputDetails=HistoryEventExecutionDataDetails(truncated=False),
        roleArn=self._evaluation_details.aws_execution_details.role_arn,
    )
    self.env.event_manager.add_event(
        context=self.env.event_history_context,
        event_type=HistoryEventType.ExecutionStarted,
        event_details={"executionStartedEventDetails": details},
        update_source_event_id=False,
    )
    self._get_evaluation_entrypoint().eval(self.env)
    self._execution_communication.terminated()


def _ended(self: Any) -> None:
    done = self.execution
    stopped = done.stop_date
    self._reflect_execution_status()
    done.stop_date = stopped or _now()
    with done.book.ending():
        # Whoever hears of the end finds the execution as it stays.
        retire(done)
        if not getattr(done, "abandoned", False):
            for changed in CHANGED:
                changed(done)


def retire(done: Any) -> None:
    """Replace a finished execution by its small form."""
    kept: Book = done.book
    arn: str = done.exec_arn
    finished = Finished(done)
    with kept.lock:
        if kept.by_arn.get(arn) is done:
            kept.enter(arn, finished)
            if (forgotten := kept.retention.add(finished)) is not None:
                kept.remove(forgotten)


def _stop_execution(self: Any, execution_arn: str, error: str | None = None, cause: str | None = None) -> Any:
    self._validate_execution_arn(execution_arn)
    entry = find(self, execution_arn)
    if not isinstance(entry, Finished) and entry.exec_status == ExecutionStatus.RUNNING:
        now = _now()
        if entry.exec_worker.stop(stop_date=now, error=error, cause=cause):
            entry.stop_date = entry.stop_date or now
            entry.error, entry.cause = error, cause
            entry.exec_status = ExecutionStatus.ABORTED
    return entry


def abandon() -> None:
    """End every running execution of every account, and tell nobody: the accounts are about to go."""
    backends = [backend for account in list(_backends.values()) for backend in list(account.values())]
    for entry in [entry for backend in backends for entry in book(backend).running()]:
        entry.abandoned = True
        entry.exec_worker.stop(stop_date=None, error=None, cause=None)


def _describe_execution(self: Any, execution_arn: str) -> Any:
    self._validate_execution_arn(execution_arn)
    return find(self, execution_arn)


def _machine_of(self: Any, execution_arn: str) -> Any:
    return self.describe_state_machine(find(self, execution_arn).state_machine_arn)


def _executions(self: Any, _status: Any = None) -> list[Any]:
    return book(self).running()


@cache
def install() -> None:
    """Make the executing backend the only one, also for CloudFormation, with executions found by ARN."""
    rebind(models.stepfunctions_backends, stepfunctions_parser_backends)
    _Backend._url_module = urls
    _Backend.start_execution = _start_execution
    _Backend.stop_execution = _stop_execution
    _Backend.describe_execution = _describe_execution
    _Backend.describe_state_machine_for_execution = _machine_of
    _Backend._get_executions = _executions
    _Execution.start = _begin
    _Worker._execution_logic = _run
    _Reporter.terminated = _ended
