"""What CreateStateMachine and UpdateStateMachine refuse, and DeleteStateMachine's slow end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from moto.stepfunctions.exceptions import InvalidName, StateMachineDoesNotExist
from moto.stepfunctions.parser.api import (
    InvalidDefinition,
    StateMachineAlreadyExists,
    StateMachineDeleting,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from infrastructure.local.states.executions import CHANGED, book
from infrastructure.local.states.jsonata import EXPRESSION, ExpressionFailed, parse

MAX_DEFINITION_BYTES = 1_048_576
MAX_NAME = 80
"""Characters of a machine's, an execution's and a state's name."""

_ENDING = ("Succeed", "Fail")
_Backend: Any = StepFunctionsParserBackend
_State: Any = CommonStateField


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("DUPLICATE_KEY: an object has the same key twice")
    return made


def _scopes(machine: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object with States of a machine, itself first, with its place."""
    yield path, machine
    for name, state in _states(machine).items():
        here = f"{path}/States/{name}"
        for number, branch in enumerate(state.get("Branches") or []):
            yield from _scopes(branch, f"{here}/Branches[{number}]")
        for key in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(key), dict):
                yield from _scopes(state[key], f"{here}/{key}")


def _states(scope: dict[str, Any]) -> dict[str, dict[str, Any]]:
    states = scope.get("States")
    return states if isinstance(states, dict) else {}


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in ("Next", "Default"):
        if key in state:
            yield key, state[key]
    for key in ("Choices", "Catch"):
        for number, rule in enumerate(state.get(key) or []):
            yield f"{key}[{number}]/Next", rule.get("Next")


def _wrong_end(state: dict[str, Any]) -> bool:
    ways = ("Next" in state) + (state.get("End") is True)
    return ways != (0 if state.get("Type") in ("Choice", *_ENDING) else 1)


def _state_faults(name: str, state: dict[str, Any], names: dict[str, Any]) -> Iterator[str]:
    if len(name) > MAX_NAME:
        yield f"the state's name has more than {MAX_NAME} characters"
    if _wrong_end(state):
        yield f"a {state.get('Type')} state has exactly one of Next and End, a Choice, Succeed or Fail none"
    for key, target in _targets(state):
        if target not in names:
            yield f"MISSING_TRANSITION_TARGET: Missing '{key}' target: {target}"
    for key in ("Retry", "Catch"):
        yield from _wildcard_faults(key, state.get(key) or [])


def _wildcard_faults(key: str, rules: list[dict[str, Any]]) -> Iterator[str]:
    for number, rule in enumerate(rules):
        names = rule.get("ErrorEquals") or []
        if "States.ALL" in names and (len(names) > 1 or number != len(rules) - 1):
            yield f"{key}: States.ALL must appear alone and in the last place"


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            yield from _expressions(member)
    elif isinstance(value, str) and (match := EXPRESSION.fullmatch(value.strip())):
        yield match.group(1).strip()


def _expression_faults(machine: dict[str, Any]) -> Iterator[str]:
    for source in _expressions(machine):
        try:
            parse(source)
        except ExpressionFailed as error:
            yield str(error)


def faults(definition: str) -> list[str]:
    """What is wrong with a definition beyond its grammar; empty when nothing is."""
    if len(definition.encode()) > MAX_DEFINITION_BYTES:
        return [f"the definition has more than {MAX_DEFINITION_BYTES} bytes"]
    try:
        machine = json.loads(definition, object_pairs_hook=_no_duplicates)
    except ValueError as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    found = list(_expression_faults(machine))
    seen: set[str] = set()
    for path, scope in _scopes(machine):
        states = _states(scope)
        if scope.get("StartAt") not in states:
            found.append(f"MISSING_TRANSITION_TARGET: Missing 'StartAt' target: {scope.get('StartAt')} at {path}/")
        for name, state in states.items():
            found += [f"{fault} at {path}/States/{name}" for fault in _state_faults(name, state, states)]
            if name in seen:
                found.append(f"the state's name occurs more than once at {path}/States/{name}")
            seen.add(name)
    return found


def _strict(original: Callable[..., None]) -> Any:
    def _validate_definition(definition: str) -> None:
        found = faults(definition)
        if found:
            raise InvalidDefinition(f"Invalid State Machine Definition: '{'; '.join(found)}'")
        original(definition=definition)

    return staticmethod(_validate_definition)


def _existing(backend: Any, name: str) -> Any:
    return next((machine for machine in backend.state_machines if machine.name == name), None)


def _creating(original: Callable[..., Any]) -> Callable[..., Any]:
    def create_state_machine(self: Any, name: str, definition: str, roleArn: str, **rest: Any) -> Any:
        if not name:
            raise InvalidName("Invalid Name: ''")
        known = _existing(self, name)
        if known is not None and getattr(known, "deleting", False):
            raise StateMachineDeleting(f"State Machine is being deleted: '{known.arn}'")
        kind = rest.get("sm_type") or "STANDARD"
        if known is not None and (known.definition, known.type) != (definition, kind):
            raise StateMachineAlreadyExists(f"State Machine Already Exists: '{known.arn}'")
        return original(self, name=name, definition=definition, roleArn=roleArn, **rest)

    return create_state_machine


def _finish_deletion(backend: Any, machine: Any) -> None:
    if not book(backend).running(machine.arn) and machine in backend.state_machines:
        backend.state_machines.remove(machine)
        book(backend).drop_machine(machine.arn)


def _delete_state_machine(self: Any, arn: str) -> None:
    self._validate_machine_arn(arn)
    try:
        machine = self.describe_state_machine(arn)
    except StateMachineDoesNotExist:
        return
    with book(self).lock:
        machine.deleting = True
        for execution in book(self).running(arn):
            execution.deleted_from = (self, machine)
            execution.exec_worker.env.doomed = True
        _finish_deletion(self, machine)


def _after_execution(execution: Any) -> None:
    deleted_from = getattr(execution, "deleted_from", None)
    if deleted_from is not None and execution.stop_date is not None:
        backend, machine = deleted_from
        with book(backend).lock:
            _finish_deletion(backend, machine)


def _doomed(original: Callable[..., None]) -> Callable[..., None]:
    def _eval_body(self: Any, env: Any) -> None:
        if getattr(env.root, "doomed", False):
            env.root.set_stop(stop_date=None, cause=None, error=None)
        else:
            original(self, env)

    return _eval_body


@cache
def install() -> None:
    """Check definitions as AWS does, and end a deleted machine's executions at their next transition."""
    _Backend._validate_definition = _strict(_Backend._validate_definition)
    _Backend.create_state_machine = _creating(_Backend.create_state_machine)
    _Backend.delete_state_machine = _delete_state_machine
    _State._eval_body = _doomed(_State._eval_body)
    CHANGED.append(_after_execution)
