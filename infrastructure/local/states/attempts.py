"""One attempt at a Task, Parallel or Map with its output: failed expressions can be retried and caught."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.catch.catch_outcome import CatchOutcome
from moto.stepfunctions.parser.asl.component.state.exec import execute_state

from infrastructure.local.states.threads import evaluate
from infrastructure.local.states.tokens import attempt
from infrastructure.local.states.values import share

_ExecutionState: Any = execute_state.ExecutionState


def _finish_jsonata(state: Any, env: Any, result: Any) -> None:
    env.states.set_result(result)
    output = env.states._states_data["result"]
    state._verify_size_quota(env=env, value=output)
    if state.output:
        state.output.jsonata_template_value.eval(env=env)
        output = share(env.stack.pop())
        state._verify_size_quota(env=env, value=output)
    # Assign and Output see the same variables, so the assignment comes last.
    if state.assign_decl:
        state.assign_decl.eval(env=env)
    env.states.reset(input_value=output)


def _finish_jsonpath(state: Any, env: Any, result: Any) -> None:
    env.stack.append(result)
    for step in (state.assign_decl, state.result_selector, state.result_path):
        if step:
            step.eval(env=env)


def _evaluate_with_timeout(self: Any, env: Any) -> None:
    if not env.is_running():
        return
    stack = list(env.stack)
    try:
        with attempt(self, env):
            ended, result = evaluate(self, env)
        if ended:
            finish = _finish_jsonpath if self._is_language_query_jsonpath() else _finish_jsonata
            finish(self, env, result)
    except BaseException:
        # The next attempt, and the catcher, start from what this one found.
        env.stack[:] = stack
        raise


def _output(original: Callable[..., None]) -> Callable[..., None]:
    def _eval_state_output(self: Any, env: Any) -> None:
        if self._is_language_query_jsonpath():
            original(self, env)
        elif env.stack and isinstance(env.stack[-1], CatchOutcome):
            env.stack.pop()

    return _eval_state_output


@cache
def install() -> None:
    """Evaluate Output and Assign within the attempt, in both orders that AWS allows."""
    _ExecutionState._evaluate_with_timeout = _evaluate_with_timeout
    _ExecutionState._eval_state_output = _output(_ExecutionState._eval_state_output)
