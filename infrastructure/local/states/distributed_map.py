"""Map states in mode DISTRIBUTED of JSONata machines; moto's own evaluation fails on S3's times, among others."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.state_map import StateMap
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.state_parallel import StateParallel
from moto.stepfunctions.parser.asl.parse import asl_parser

from infrastructure.local.states import map_items, map_results
from infrastructure.local.states.jsonata import ExpressionFailed, failure, fill, variables_of
from infrastructure.local.states.map_definition import Fields, strip
from infrastructure.local.states.map_results import Child
from infrastructure.local.states.map_run import MAX_CHILDREN, MapRun, Tolerance
from infrastructure.local.states.values import MAX_STATE_BYTES, Shared, SharedList, dumps

_Parser: Any = asl_parser.AmazonStateLanguageParser
_Map: Any = StateMap
_Event: Any = FailureEvent
_Failure: Any = FailureEventException
_ErrorName: Any = ErrorName


def _parsed_states(states: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, state in states.items():
        yield name, state
        if isinstance(state, StateMap):
            component: Any = state.iteration_component
            yield from _parsed_states(component._states.states)
        elif isinstance(state, StateParallel):
            for program in state.branches.programs:
                yield from _parsed_states(program.states.states)


def _parsing(original: Callable[[str], Any]) -> Callable[[str], Any]:
    def parse(definition: str) -> Any:
        plain, taken = strip(definition)
        made = original(plain)
        if taken:
            for name, state in _parsed_states(made[0].states.states):
                state.distributed = taken.get(name)
        return made

    return parse


class _Evaluation:
    """Expressions of a state's fields. Raises `States.QueryEvaluationError` as moto's exception."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self._variables = variables_of(env)

    def __call__(self, template: Any, item: tuple[int, Any] | None = None) -> Any:
        variables = self._variables
        if item is not None:
            states = variables["states"]
            place = Shared(Item=Shared(Index=item[0], Value=item[1]))
            variables = {**variables, "states": {**states, "context": {**states["context"], "Map": place}}}
        try:
            return fill(template, variables)
        except ExpressionFailed as error:
            raise failure(self._env, str(error)) from error

    def number(self, name: str, template: Any) -> float | None:
        """A number of 0 or more, or None for a missing field."""
        value = self(template)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
            raise failure(self._env, f"The field {name} must be a number of 0 or more, not {dumps(value)}")
        return value


def _failed(env: Any, error: str, cause: str) -> Exception:
    details = {"mapRunFailedEventDetails": {"error": error, "cause": cause}}
    kind = HistoryEventType.MapRunFailed
    env.event_manager.add_event(context=env.event_history_context, event_type=kind, event_details=details)
    name = _ErrorName(error_name=error)
    failed: Exception = _Failure(
        failure_event=_Event(env=env, error_name=name, event_type=kind, event_details=details)
    )
    return failed


def _items(env: Any, fields: Fields, evaluate: _Evaluation) -> list[Any]:
    reader = fields.part("ItemReader")
    if reader:
        config, region = evaluate(reader.get("ReaderConfig") or {}), env.aws_execution_details.region
        try:
            return map_items.read(region, reader["Resource"], evaluate(reader.get("Arguments") or {}), config)
        except map_items.ItemsUnreadable as error:
            raise _failed(env, "States.ItemReaderFailed", str(error)) from error
    items = evaluate(fields.given["Items"]) if "Items" in fields.given else env.states.get_input()
    if not isinstance(items, list):
        raise failure(env, "The items of a Map state must be an array")
    return items


def _inputs(env: Any, fields: Fields, evaluate: _Evaluation) -> Iterator[tuple[Any, int]]:
    """Each child's input, and how many items it holds."""
    items = _items(env, fields, evaluate)
    if "ItemSelector" in fields.given:
        items = [evaluate(fields.given["ItemSelector"], place) for place in enumerate(items)]
    batcher = fields.part("ItemBatcher")
    if not batcher:
        yield from ((item, 1) for item in items)
        return
    most = evaluate.number("MaxItemsPerBatch", batcher.get("MaxItemsPerBatch")) or len(items) or 1
    size = evaluate.number("MaxInputBytesPerBatch", batcher.get("MaxInputBytesPerBatch")) or MAX_STATE_BYTES
    shared = Shared(BatchInput=evaluate(batcher["BatchInput"])) if "BatchInput" in batcher else Shared()
    room = int(min(size, MAX_STATE_BYTES)) - len(dumps(Shared({**shared, "Items": []})).encode())
    for batch in _batches(items, int(most), room):
        yield Shared({**shared, "Items": SharedList(batch)}), len(batch)


def _batches(items: list[Any], most: int, room: int) -> Iterator[list[Any]]:
    """Groups of items, so many and so many bytes at most; an item that is too large is alone."""
    batch: list[Any] = []
    size = 0
    for item in items:
        bytes_ = len(dumps(item).encode("utf-8", "surrogatepass")) + 1
        if batch and (len(batch) == most or size + bytes_ > room):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += bytes_
    if batch:
        yield batch


def _children(state: Any, env: Any, inputs: Iterator[tuple[Any, int]]) -> list[Child]:
    context = env.states.context_object.context_object_data
    machine = f"{context['StateMachine']['Id']}/{state.distributed.given.get('Label', state.name)}"
    prefix = machine.replace(":stateMachine:", ":execution:")
    return [Child(f"{prefix}:{uuid.uuid4()}", machine, given, items) for given, items in inputs]


def _report(env: Any, kind: str, **details: Any) -> None:
    env.event_manager.add_event(context=env.event_history_context, event_type=kind, event_details=details)


def _eval_execution(original: Callable[..., None]) -> Callable[..., None]:
    def evaluate(self: Any, env: Any) -> None:
        if getattr(self, "distributed", None) is None:
            original(self, env)
        else:
            _eval_distributed(self, env)

    return evaluate


def _eval_distributed(self: Any, env: Any) -> None:
    fields, evaluate = self.distributed, _Evaluation(env)
    most = evaluate.number("MaxConcurrency", fields.given.get("MaxConcurrency")) or MAX_CHILDREN
    count = evaluate.number("ToleratedFailureCount", fields.given.get("ToleratedFailureCount"))
    percentage = evaluate.number("ToleratedFailurePercentage", fields.given.get("ToleratedFailurePercentage"))
    machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
    label = fields.given.get("Label", self.name)
    run_arn = f"{machine.replace(':stateMachine:', ':mapRun:')}/{label}:{uuid.uuid4()}"
    _report(env, HistoryEventType.MapStateStarted, mapStateStartedEventDetails={"length": 0})
    _report(env, HistoryEventType.MapRunStarted, mapRunStartedEventDetails={"mapRunArn": run_arn})
    children = _children(self, env, _inputs(env, fields, evaluate))
    tolerance = Tolerance(None if count is None else int(count), percentage)
    run = MapRun(self.iteration_component._get_iteration_program(), env, children, tolerance, fields.express)
    run.run(min(int(most), MAX_CHILDREN, len(children)))
    if env.is_running():
        _conclude(env, run, run_arn, children, evaluate(fields.part("ResultWriter")))


def _conclude(env: Any, run: MapRun, run_arn: str, children: list[Child], writer: dict[str, Any]) -> None:
    config = writer.get("WriterConfig") or {}
    if "Resource" in writer:
        config = {"Transformation": "NONE", **config}
        region = env.aws_execution_details.region
        try:
            result: Any = map_results.write(region, run_arn, writer.get("Arguments") or {}, config, children)
        except map_results.ResultsUnwritable as error:
            raise _failed(env, "States.ResultWriterFailed", str(error)) from error
    else:
        result = map_results.results(children, config.get("Transformation", "COMPACT"))
    if run.exceeded:
        raise _failed(
            env,
            "States.ExceedToleratedFailureThreshold",
            "The specified tolerated failure threshold was exceeded",
        )
    _report(env, HistoryEventType.MapRunSucceeded)
    _report(env, HistoryEventType.MapStateSucceeded)
    env.stack.append(result)


@cache
def install() -> None:
    """Run distributed Maps of JSONata machines; those of JSONPath machines are left to moto."""
    _Parser.parse = staticmethod(_parsing(_Parser.parse))
    _Map._eval_execution = _eval_execution(_Map._eval_execution)
