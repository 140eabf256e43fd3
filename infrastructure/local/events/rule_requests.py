"""Mends moto's EventBridge requests: PutRule refuses what AWS refuses, TestEventPattern answers, and PutEvents goes
on while rules come and go.

Source: the EventBridge API reference, "PutRule", "PutEvents" and "TestEventPattern".
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import moto.events.exceptions as moto_exceptions
import moto.events.models as moto_events
import moto.events.responses as moto_responses

from infrastructure.local.clock import CLOCK
from infrastructure.local.events.patterns import InvalidPattern, matches, parse_pattern
from infrastructure.local.events.schedules import InvalidSchedule, parse_schedule

Publish = Callable[[dict[str, Any], str], None]
"""Takes an event and the name of its bus."""

MAX_ENTRIES = 10
_EVENT_FIELDS = ("id", "account", "source", "time", "region", "resources", "detail-type")

_BACKEND: Any = moto_events.EventsBackend
_HANDLER: Any = moto_responses.EventsHandler
_BAD_PATTERN: Any = moto_exceptions.InvalidEventPatternException
_INVALID: Any = moto_exceptions.ValidationException
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_publish: list[Publish] = []


def install(publish: Publish) -> None:
    """Bring PutEvents' events to `publish` from now on."""
    with _LOCK:
        _publish[:] = [publish]
        if _ORIGINAL:
            return
        _ORIGINAL.update(put_rule=_BACKEND.put_rule, put_events=_BACKEND.put_events)
        _BACKEND.put_rule = _put_rule
        _BACKEND.put_events = _put_events
        _HANDLER.test_event_pattern = _test_event_pattern


def release() -> None:
    """Leave PutEvents to moto again."""
    with _LOCK:
        _publish.clear()


def _put_rule(self: Any, name: str, **members: Any) -> Any:
    expression = members.get("scheduled_expression")
    if expression:
        try:
            parse_schedule(expression)
        except InvalidSchedule as error:
            raise _INVALID("Parameter ScheduleExpression is not valid.") from error
    if members.get("event_pattern"):
        _pattern(members["event_pattern"])
    return _ORIGINAL["put_rule"](self, name, **members)


def _pattern(text: str) -> dict[str, Any]:
    try:
        return parse_pattern(text)
    except InvalidPattern as error:
        raise _BAD_PATTERN(reason=str(error)) from error


def _put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    publish = next(iter(_publish), None)
    if publish is None:
        return list(_ORIGINAL["put_events"](self, events))
    if not 1 <= len(events) <= MAX_ENTRIES:
        raise _INVALID("1 validation error detected: 'entries' must have 1 to 10 members")
    return [_put_event(self, entry, publish) for entry in events]


def _put_event(backend: Any, entry: dict[str, Any], publish: Publish) -> dict[str, Any]:
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            message = f"Parameter {member} is not valid. Reason: {member} is a required argument."
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    if not isinstance(detail, dict):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    bus = str(entry.get("EventBusName") or "default").split("/")[-1]
    backend.describe_event_bus(bus)
    event = {
        "id": str(uuid.uuid4()),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": backend.account_id,
        "time": entry.get("Time") or CLOCK.iso(),
        "region": backend.region_name,
        "resources": entry.get("Resources") or [],
        "detail": detail,
    }
    publish(event, bus)
    return {"EventId": event["id"]}


def _test_event_pattern(self: Any) -> tuple[str, dict[str, Any]]:
    pattern = _pattern(str(self._get_param("EventPattern")))
    try:
        event = json.loads(self._get_param("Event"))
    except (TypeError, ValueError) as error:
        raise _INVALID("Parameter Event is not valid.") from error
    missing = [name for name in _EVENT_FIELDS if not isinstance(event, dict) or name not in event]
    if missing:
        raise _INVALID(f"Event is not valid. Reason: {', '.join(missing)} missing.")
    return json.dumps({"Result": matches(pattern, event)}), self.response_headers
