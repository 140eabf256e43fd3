"""How long a task may take, and how long it may be silent: `TimeoutSeconds` and `HeartbeatSeconds`."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.timeouts import heartbeat, timeout

from infrastructure.local.states.jsonata import failure

MAX_SECONDS = 99_999_999

_Timeout: Any = timeout.TimeoutSecondsJSONata
_Heartbeat: Any = heartbeat.HeartbeatSecondsJSONata


def limit(state: Any, env: Any) -> float | None:
    """AWS's seconds that an attempt at a state may take; None when it has no `TimeoutSeconds`."""
    if state.timeout.is_default_value():
        return None
    state.timeout.eval(env=env)
    return float(env.stack.pop())


def _eval_seconds(self: Any, env: Any) -> int:
    self.string_jsonata.eval(env=env)
    seconds = env.stack.pop()
    if type(seconds) is not int or not 0 < seconds <= MAX_SECONDS:
        source = self.string_jsonata.expression
        raise failure(env, f"The JSONata expression '{source}' must return a positive integer of seconds")
    return seconds


@cache
def install() -> None:
    """Refuse expressions that give no positive integer; moto cuts off what is behind the point."""
    _Timeout._eval_seconds = _eval_seconds
    _Heartbeat._eval_seconds = _eval_seconds
