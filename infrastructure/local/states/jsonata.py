"""JSONata in Step Functions: parsed once, data bound as variables, never as source text."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from jsonata import jexception
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser
from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string import string_expression

from infrastructure.local.clock import CLOCK
from infrastructure.local.states.jsonata_functions import library
from infrastructure.local.states.values import NULL, Shared, SharedList, number

_MAX_EXPRESSIONS = 8192
"""Parsed expressions kept; the oldest unused one goes first."""

_FAILURES = (
    jexception.JException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    re.error,
)
"""What the library raises for an expression that doesn't suit its data."""

EXPRESSION = re.compile(r"\{%(.*)%\}", re.DOTALL)
"""A string that is an expression."""

_api: Any = string_expression
_Event: Any = FailureEvent
_Failure: Any = FailureEventException


class ExpressionFailed(Exception):
    """An expression that can't be parsed or evaluated, or that has no JSON value."""


@lru_cache(_MAX_EXPRESSIONS)
def parse(source: str) -> Any:
    """A parsed expression that any thread may evaluate. Raises ExpressionFailed."""
    try:
        parsed = Jsonata(source)
    except _FAILURES as error:
        raise ExpressionFailed(f"The JSONata expression '{source}' is invalid: {error}") from error
    if parsed.errors:
        raise ExpressionFailed(f"The JSONata expression '{source}' is invalid: {parsed.errors[0]}")
    return parsed


@cache
def _library() -> Any:
    return library()


def _run(parsed: Any, variables: Mapping[str, Any]) -> Any:
    # The library finds its clock, parser and place through the thread's current instance, so every
    # evaluation has one of its own; the syntax tree is shared and only read.
    runner = copy.copy(parsed)
    runner.parser = Jsonata.get_parser()
    runner.timestamp = int(CLOCK.now() * 1000)
    frame = Jsonata.Frame(_library())
    frame.bindings = {name: NULL if value is None else value for name, value in variables.items()}
    Jsonata.CURRENT.jsonata = runner
    try:
        return runner.eval(runner.ast, None, frame)
    finally:
        del Jsonata.CURRENT.jsonata


def _json(value: Any, source: str) -> Any:
    kind = type(value)
    if kind is str or kind is Shared or kind is SharedList or kind is bool or value is None:
        return value
    if kind is int or kind is float:
        return number(value)
    if value is NULL:
        return None
    if isinstance(value, dict):
        return Shared((key, _json(member, source)) for key, member in value.items())
    if isinstance(value, (list, tuple)) and not isinstance(value, Parser.Symbol):
        return SharedList(_json(member, source) for member in value)
    raise ExpressionFailed(f"The JSONata expression '{source}' returned an unsupported result type.")


def evaluate(source: str, variables: Mapping[str, Any]) -> Any:
    """The JSON value of an expression over variables (names without `$`). Raises ExpressionFailed."""
    parsed = parse(source)
    try:
        value = _run(parsed, variables)
        if value is None:
            raise ExpressionFailed(f"The JSONata expression '{source}' returned nothing (undefined).")
        return _json(value, source)
    except _FAILURES as error:
        raise ExpressionFailed(f"The JSONata expression '{source}' threw an error: {error}") from error


def failure(env: Any, message: str) -> Exception:
    """`States.QueryEvaluationError` of the state that is running, written to its history."""
    name: Any = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EvaluationFailedEventDetails(error=name.error_name, cause=message)
    event = _Event(
        env=env,
        error_name=name,
        event_type=HistoryEventType.EvaluationFailed,
        event_details={"evaluationFailedEventDetails": details},
    )
    error: Exception = _Failure(failure_event=event)
    _record(env, error)
    return error


def _record(env: Any, error: Any) -> None:
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.EvaluationFailed,
        event_details={"evaluationFailedEventDetails": error.get_evaluation_failed_event_details()},
    )


def _variables(env: Any) -> dict[str, Any]:
    store = env.variable_store
    return {**store._outer_scope, **store._inner_scope}


def variables_of(env: Any) -> dict[str, Any]:
    """What the expressions of a state see."""
    return {**_variables(env), "states": env.states._states_data}


def fill(template: Any, variables: Mapping[str, Any]) -> Any:
    """A JSON value with its expressions evaluated. Raises ExpressionFailed."""
    if isinstance(template, str):
        match = EXPRESSION.fullmatch(template.strip())
        return evaluate(match.group(1).strip(), variables) if match else template
    if isinstance(template, dict):
        return Shared((key, fill(member, variables)) for key, member in template.items())
    if isinstance(template, list):
        return SharedList(fill(member, variables) for member in template)
    return template


def _evaluate_in(env: Any, source: str, variables: Mapping[str, Any]) -> None:
    try:
        value = evaluate(source, variables)
    except ExpressionFailed as error:
        raise failure(env, str(error)) from error
    env.stack.append(value)


def _eval_expression(self: Any, env: Any) -> None:
    _evaluate_in(env, self.expression, variables_of(env))


def _eval_variable(self: Any, env: Any) -> None:
    variables = _variables(env)
    if self.query_language_mode == QueryLanguageMode.JSONata:
        variables["states"] = env.states._states_data
    _evaluate_in(env, self.expression, variables)


def install() -> None:
    """Make moto's JSONata strings and variable references use this evaluator."""
    _api.StringJSONata._eval_body = _eval_expression
    _api.StringVariableSample._eval_body = _eval_variable
