"""`Step Functions Execution Status Change` events, which EventBridge delivers at best."""

from __future__ import annotations

import datetime
import json
import random
import uuid
from collections.abc import Callable
from functools import cache
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any

from infrastructure.local.faults import FAULTS
from infrastructure.local.states.executions import CHANGED
from infrastructure.local.states.threads import POOL
from infrastructure.local.states.values import dumps

MAX_DATA_BYTES = 248 * 1024
"""What escaped input and output may have together; the input is left out first."""

Publish = Callable[[dict[str, Any]], None]
_publish: list[Publish] = []


class _Outbox:
    """Events in their order, published by one pooled thread that exists while there are any."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._events: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._draining = False

    def put(self, event: dict[str, Any]) -> None:
        self._events.put(event)
        with self._lock:
            if self._draining:
                return
            self._draining = True
        POOL.run(self._drain)

    def pending(self) -> int:
        """Events not yet published, the one in hand included."""
        with self._lock:
            return self._events.qsize() + self._draining

    def _drain(self) -> None:
        try:
            while True:
                with self._lock:
                    try:
                        event = self._events.get_nowait()
                    except Empty:
                        self._draining = False
                        return
                _publish[0](event)
        except BaseException:
            # A publisher's bug ends this thread visibly; the next events get another one.
            POOL.run(self._drain)
            raise


_OUTBOX = _Outbox()


def pending() -> int:
    """How many events are still to be published."""
    return _OUTBOX.pending()


def _milliseconds(moment: datetime.datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _escaped(text: str | None) -> int:
    return 0 if text is None else len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _carried(given: str, output: str | None) -> dict[str, Any]:
    with_output = _escaped(output) <= MAX_DATA_BYTES
    with_input = _escaped(given) + _escaped(output) <= MAX_DATA_BYTES
    return {
        "input": given if with_input else None,
        "inputDetails": {"included": with_input},
        "output": output if with_output else None,
        "outputDetails": None if output is None else {"included": with_output},
    }


def _redrive(status: str) -> dict[str, Any]:
    closed = status in ("RUNNING", "SUCCEEDED")
    reason = f"Execution is {status} and cannot be redriven" if closed else None
    can = "NOT_REDRIVABLE" if closed else "REDRIVABLE"
    return {"redriveCount": 0, "redriveDate": None, "redriveStatus": can, "redriveStatusReason": reason}


def event_of(execution: Any) -> dict[str, Any]:
    """The EventBridge event for a moto execution's present status."""
    status = str(execution.status)
    output = dumps(execution.output) if status == "SUCCEEDED" else None
    detail: dict[str, Any] = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine_arn,
        "name": execution.name,
        "status": status,
        "startDate": _milliseconds(execution.start_date),
        "stopDate": None if status == "RUNNING" else _milliseconds(execution.stop_date),
        **_carried(execution.execution_input, output),
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        **_redrive(status),
        "error": execution.error,
        "cause": execution.cause,
    }
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": datetime.datetime.now(tz=datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": detail,
    }


def _changed(execution: Any) -> None:
    if random.random() >= FAULTS.drop_status_events:
        _OUTBOX.put(event_of(execution))


@cache
def _subscribe() -> None:
    CHANGED.append(_changed)


def install(publish: Publish) -> None:
    """Publish every change of an execution's status; a second call replaces the first one's publisher."""
    _publish[:] = [publish]
    _subscribe()
