"""State data handed on by reference: moto copies the whole input several times a state."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jsonpath_ng
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.component.common.string import string_expression
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_map import state_map
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import state_parallel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval import environment, states
from moto.stepfunctions.parser.asl.utils import encoding
from moto.stepfunctions.parser.backend import execution_worker

from infrastructure.local.clock import CLOCK
from infrastructure.local.states.patching import rebind
from infrastructure.local.states.values import dumps, share

_jsonpath: Any = jsonpath_ng
_Environment: Any = environment.Environment
_States: Any = states.States
_StateTask: Any = StateTask
_ResultPath: Any = result_path.ResultPath


class _ByReference:
    """Stands in for the copy module where the values are shared ones."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        return value


class _Shallow:
    """Stands in for the copy module where the values are small and flat."""

    deepcopy = staticmethod(copy.copy)


class _ListOnly:
    """Stands in for the copy module where a stack is copied: the list is new, its values are shared."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        return list(value) if isinstance(value, list) else value


def timestamp(moment: datetime | None = None) -> str:
    """A moment (default: now) as the context object writes it, in milliseconds."""
    return (moment or datetime.fromtimestamp(CLOCK.now(), UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _reset(self: Any, input_value: Any) -> None:
    data = self._states_data
    data["input"] = share(input_value)
    data.pop("result", None)
    data.pop("errorOutput", None)


def _set_result(self: Any, result: Any) -> None:
    self._states_data["result"] = share(result)


def _set_error_output(self: Any, error_output: Any) -> None:
    self._states_data["errorOutput"] = share(error_output)


def _result_path(self: Any, env: Any) -> None:
    if self.result_path_src is None:
        env.stack.clear()
        env.stack.append(env.states.get_input())
    elif self.result_path_src != self.DEFAULT_PATH:
        output = copy.deepcopy(env.stack.pop())
        changed = copy.deepcopy(env.states.get_input())
        env.stack.append(_jsonpath.parse(self.result_path_src).update_or_create(changed, output))


def _eval_parameters(self: Any, env: Any) -> dict[str, Any]:
    # moto drops unsupported parameters from what an expression returned, which may be shared.
    if self.parargs is None:
        return {}
    self.parargs.eval(env=env)
    parameters = env.stack.pop()
    if not isinstance(parameters, dict):
        raise TypeError("the arguments of a task must be an object")
    supported = self._get_supported_parameters()
    return {key: value for key, value in parameters.items() if not supported or key in supported}


def _state_data(**facts: Any) -> dict[str, Any]:
    return {**facts, "EnteredTime": timestamp()}


def _execution_data(**facts: Any) -> dict[str, Any]:
    start = facts["StartTime"]
    return {**facts, "StartTime": start if isinstance(start, str) else timestamp(start), "RedriveCount": 0}


@cache
def install() -> None:
    """Share state data, write JSON as AWS does (compact, not escaped) and times in the context with `Z`."""
    rebind(encoding.to_json_str, lambda obj, **_: dumps(obj))
    modules: dict[Any, Any] = {states: _ByReference, string_expression: _ByReference, environment: _Shallow}
    modules |= {state_parallel: _ByReference, state_map: _ListOnly}
    for module, stand_in in modules.items():
        module.copy = stand_in
    _States.reset = _reset
    _States.set_result = _set_result
    _States.set_error_output = _set_error_output
    _ResultPath._eval_body = _result_path
    _StateTask._eval_parameters = _eval_parameters
    _Environment.program_state = lambda self: self._program_state
    any_state: Any = state
    any_state.StateData = _state_data
    any_worker: Any = execution_worker
    any_worker.ExecutionData = _execution_data
