"""EventBridge Scheduler: fires the schedules that moto only stores, and refuses expressions as AWS does.

Source: the EventBridge Scheduler user guide, "Schedule types", "Adding context attributes" and "Configuring a
dead-letter queue".
"""

from __future__ import annotations

import json
import logging
import random
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import moto.scheduler.exceptions as moto_exceptions
import moto.scheduler.models as moto_scheduler

from infrastructure.local.events.rules import Invoker
from infrastructure.local.events.schedules import InvalidSchedule
from infrastructure.local.events.targets import Undeliverable, send_to_service
from infrastructure.local.events.timetable import Entry, Timetable, Timing
from infrastructure.local.faults import FAULTS
from infrastructure.local.queues import send_to_queue

_BACKEND: Any = moto_scheduler.EventBridgeSchedulerBackend
_BACKENDS: Any = moto_scheduler.scheduler_backends
_INVALID: Any = moto_exceptions.ValidationException
_LOGGER = logging.getLogger(__name__)
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_current: Scheduler | None = None


class Scheduler:
    """The schedules of every group, read from moto. A Lambda target is invoked asynchronously."""

    def __init__(self, functions: Invoker) -> None:
        self._functions = functions
        self._timetable = Timetable("scheduler", _entries, self._fire)

    def _fire(self, schedule: Any, scheduled: float) -> None:
        for _ in range(1 + (random.random() < FAULTS.duplicate_events)):
            execution = uuid.uuid4().hex[:16]
            text = _input(schedule, execution, _iso(scheduled))
            try:
                self._to_target(schedule.target, text, execution)
            except Undeliverable as reason:
                _dead_letter(schedule, text, execution, _iso(scheduled), reason)
        _complete(schedule)

    def _to_target(self, target: dict[str, Any], text: str, execution: str) -> None:
        service = target["Arn"].split(":")[2]
        if service != "lambda":
            send_to_service(service, target, text, {"id": execution})
        elif self._functions.exists(target["Arn"]):
            self._functions.invoke_async(target["Arn"], text.encode())
        else:
            raise Undeliverable("AWS.Lambda.ResourceNotFoundException", f"Function not found: {target['Arn']}")

    def stop(self) -> None:
        """End the thread; schedules are only stored again."""
        global _current
        self._timetable.stop()
        with _LOCK:
            if _current is self:
                _current = None


def install(functions: Invoker) -> Scheduler:
    """Fire moto's schedules from now on; the latest call counts, and ends the scheduler of the one before."""
    global _current
    with _LOCK:
        if not _ORIGINAL:
            for name in ("create_schedule", "update_schedule"):
                _ORIGINAL[name] = getattr(_BACKEND, name)
                setattr(_BACKEND, name, _checked(_ORIGINAL[name]))
        before, _current = _current, Scheduler(functions)
        installed = _current
    if before:
        before.stop()
    return installed


def _checked(original: Any) -> Any:
    def save(self: Any, **members: Any) -> Any:
        self.get_schedule_group(members.get("group_name"))  # moto stumbles over a group that isn't there
        _check(members)
        return original(self, **members)

    return save


def _check(members: dict[str, Any]) -> None:
    expression = str(members["schedule_expression"])
    try:
        Timing(expression).schedule()
    except InvalidSchedule as error:
        raise _INVALID(f"Invalid Schedule Expression {expression}.") from error
    try:
        ZoneInfo(members.get("schedule_expression_timezone") or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _INVALID("Invalid Schedule Expression Timezone.") from error


def _entries() -> Iterator[Entry]:
    for account in list(_BACKENDS.values()):
        for backend in list(account.values()):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    yield Entry(
                        f"{schedule.arn}@{schedule.creation_date}",
                        _timing(schedule),
                        schedule.state == "ENABLED",
                        schedule,
                    )


def _timing(schedule: Any) -> Timing:
    start, end = (None if day is None else float(day) for day in (schedule.start_date, schedule.end_date))
    zone = schedule.schedule_expression_timezone
    return Timing(schedule.schedule_expression, zone, start, end, starts_at_once=True)


def _input(schedule: Any, execution: str, scheduled: str) -> str:
    text = schedule.target.get("Input")
    if text is None:
        return json.dumps(_notification(schedule, execution, scheduled))
    for name, value in (
        ("schedule-arn", schedule.arn),
        ("scheduled-time", scheduled),
        ("execution-id", execution),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return str(text)


def _notification(schedule: Any, execution: str, scheduled: str) -> dict[str, Any]:
    """What a target without Input gets."""
    _, _, _, region, account, _ = schedule.arn.split(":", 5)
    return {
        "version": "0",
        "id": execution,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": scheduled,
        "region": region,
        "resources": [schedule.arn],
        "detail": "{}",
    }


def _complete(schedule: Any) -> None:
    """A schedule that names a single moment is over; it may ask to be deleted then."""
    if schedule.schedule_expression.startswith("at(") and schedule.action_after_completion == "DELETE":
        _, _, _, region, account, _ = schedule.arn.split(":", 5)
        group = _BACKENDS[account][region].schedule_groups.get(schedule.group_name)
        if group:
            group.schedules.pop(schedule.name, None)


def _dead_letter(schedule: Any, text: str, execution: str, scheduled: str, reason: Undeliverable) -> None:
    _LOGGER.warning("schedule %r could not reach its target: %s", schedule.name, reason)
    queue = (schedule.target.get("DeadLetterConfig") or {}).get("Arn")
    if queue:
        attributes = {
            "SCHEDULE_ARN": schedule.arn,
            "TARGET_ARN": schedule.target["Arn"],
            "EXECUTION_ID": execution,
            "SCHEDULED_TIME": scheduled,
            "RETRY_ATTEMPTS": "0",
            "ERROR_CODE": reason.code,
            "ERROR_MESSAGE": str(reason),
        }
        send_to_queue(queue, text, attributes)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
