"""What AWS invokes besides the API: one function per engine Lambda of this room."""

from __future__ import annotations

import logging
from typing import Any

from chalicelib.aws import transaction
from chalicelib.executions import admit, close, complete
from chalicelib.executions.run import parse_execution_name
from chalicelib.executions.sweep import ended_message, sweep

_LOG = logging.getLogger("mediawright.executions")


def stage_completion(event: Any) -> dict[str, Any]:
    """The Task after every stage's Parallel state."""
    return complete.complete_stage(event)


def scheduler(event: Any) -> dict[str, Any]:
    """A batch of the Executions stream: a queue item came, a slot went, a cap changed. A record means "look"."""
    if not admit.admit_waiting():
        raise transaction.StillContended(f"{len(event['Records'])} records: competitors took every slot")
    return {"batchItemFailures": []}


def status_change(event: Any) -> dict[str, Any]:
    """EventBridge tells that a state machine execution failed, timed out or was stopped."""
    detail = event["detail"]
    name = parse_execution_name(detail["name"])
    if name is None:
        _LOG.warning("an execution with a foreign name ended")
        return {"Closed": False}
    closed = close.ended_outside(*name, ended_message(detail["name"], detail))
    if closed:
        admit.look()
    return {"Closed": closed}


def sweeping(_event: Any) -> dict[str, int]:
    """Every five minutes."""
    return sweep()
