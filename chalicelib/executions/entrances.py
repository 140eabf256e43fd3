"""What AWS invokes besides the API: one function per engine Lambda of this room."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from chalicelib.aws import invocation, transaction
from chalicelib.executions import admit, close, complete, parking, waiting
from chalicelib.executions.contention import PASSING
from chalicelib.executions.run import GLOBAL_POOL, parse_execution_name
from chalicelib.executions.sweep import Step, sweep
from chalicelib.executions.sweep_runs import ended_message

_LOG = logging.getLogger("mediawright.executions")
_POOL = "pool#"


def stage_completion(event: Any) -> dict[str, Any]:
    """The Task after every stage's Parallel state."""
    return complete.complete_stage(event)


class TokenNotKept(Exception):
    """AWS refused what the token needs: the state machine asks again with another one, for a quarter of an hour."""


def task_tokens(event: Any) -> dict[str, Any]:
    """The Task of every Wait and Callback operation; what passes is told from what the operator's function raised."""
    try:
        return waiting.token_task(event)
    except PASSING as error:
        raise TokenNotKept(f"{type(error).__name__}: {error}") from error


def scheduler(event: Any) -> dict[str, Any]:
    """A batch of the Executions stream: a queue item came, a slot went, a cap changed.

    A record means "look"; of its content only the key counts, which says where to look.
    """
    for pool, times in _capped_pools(event["Records"]).items():
        parking.unpark(pool, times)
    if not admit.admit_waiting():
        raise transaction.StillContended(f"{len(event['Records'])} records: competitors took every slot")
    return {"batchItemFailures": []}


def _capped_pools(records: list[Any]) -> dict[str, int]:
    """Capped pools that records are about, with how many runs to bring back: one a slot, or all for a changed cap."""
    found: dict[str, int] = {}
    for record in records:
        key = record["dynamodb"]["Keys"]
        pool = key["Id"]["S"].removeprefix(_POOL)
        if key["Id"]["S"].startswith(_POOL) and pool != GLOBAL_POOL:
            found[pool] = found.get(pool, 0) + (parking.ALL if key["Part"]["S"] == "pool" else 1)
    return found


def status_change(event: Any) -> dict[str, Any]:
    """EventBridge tells that a state machine execution failed, timed out or was stopped."""
    detail = event["detail"]
    name = parse_execution_name(detail["name"])
    if name is None:
        _LOG.warning("an execution with a foreign name ended")
        return {"Closed": False}
    invocation.concerns(name[0])
    closed = close.ended_outside(*name, ended_message(detail["name"], detail))
    if closed is not None:
        admit.look(freed=closed.pools)
    return {"Closed": closed is not None}


def sweeping(_event: Any, others: Sequence[Step] = ()) -> dict[str, int]:
    """Every five minutes; `others` are what other rooms have to repair."""
    return sweep(others)
