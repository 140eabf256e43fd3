"""EventBridge rules: matches events against rules and brings them to their targets, and fires scheduled rules.

A Lambda target is invoked asynchronously, with Lambda's own attempts for a function that fails; as on AWS, the
target's dead-letter queue takes only events that couldn't be handed over, such as those for a missing function.
"""

from __future__ import annotations

import copy
import json
import logging
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Protocol

import moto.events.models as moto_events
from moto.core.models import DEFAULT_ACCOUNT_ID

from infrastructure.local.clock import CLOCK
from infrastructure.local.events import object_events, rule_requests
from infrastructure.local.events.patterns import matches
from infrastructure.local.events.targets import Undeliverable, send_to_service, target_input
from infrastructure.local.events.timetable import Entry, Timetable, Timing
from infrastructure.local.faults import FAULTS
from infrastructure.local.queues import send_to_queue

REGION = "us-east-1"
MOTO_TARGETS = ("events", "logs")

_BACKENDS: Any = moto_events.events_backends
_RULE: Any = moto_events.Rule
_LOGGER = logging.getLogger(__name__)
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_current: EventRules | None = None


class Invoker(Protocol):
    """What rules need of the Lambda service."""

    def exists(self, arn_or_name: str) -> bool:
        """Whether an invocation would find the function."""

    def invoke_async(self, arn_or_name: str, payload: bytes) -> None:
        """Run a function in the background."""


class EventRules:
    """The rules of every bus, read from moto; thread-safe."""

    def __init__(self, functions: Invoker) -> None:
        self._functions = functions
        self._timetable = Timetable("event-schedules", _scheduled_rules, self._fire)

    def publish(self, event: dict[str, Any], bus: str = "default") -> None:
        """Bring an AWS event to the rules of a bus; id, time, account, region and the like are added if missing."""
        whole = _completed(event)
        backend = _BACKENDS[whole["account"]][whole["region"]]
        found = backend.event_buses.get(bus)
        for rule in list(found.rules.values()) if found else []:
            self.offer(rule, whole)

    def offer(self, rule: Any, event: dict[str, Any]) -> None:
        """Bring an event to a rule's targets if the rule is enabled and its pattern matches."""
        pattern = rule.event_pattern.get_pattern()
        if rule.state == "ENABLED" and pattern and matches(pattern, event):
            self._to_targets(rule, event)

    def _to_targets(self, rule: Any, event: dict[str, Any]) -> None:
        for target in list(rule.targets):
            try:
                for _ in range(1 + (random.random() < FAULTS.duplicate_events)):
                    self._to_target(rule, target, event)
            except Undeliverable as reason:
                _dead_letter(rule, target, event, reason)

    def _to_target(self, rule: Any, target: dict[str, Any], event: dict[str, Any]) -> None:
        service = target["Arn"].split(":")[2]
        if service in MOTO_TARGETS:
            alone = copy.copy(rule)
            alone.targets = [target]
            _ORIGINAL["send_to_targets"](alone, {**event, "ingestion-time": time.time()}, False)
        elif service == "lambda":
            if not self._functions.exists(target["Arn"]):
                raise Undeliverable("NO_RESOURCE", f"Function not found: {target['Arn']}")
            self._functions.invoke_async(target["Arn"], target_input(target, event, rule.arn).encode())
        else:
            send_to_service(service, target, target_input(target, event, rule.arn), event)

    def _fire(self, rule: Any, _scheduled: float) -> None:
        self._to_targets(rule, _scheduled_event(rule))

    def stop(self) -> None:
        """End the scheduler; moto matches events itself until rules are installed again."""
        global _current
        self._timetable.stop()
        with _LOCK:
            if _current is self:
                _current = None
                rule_requests.release()
                object_events.release()


def install(functions: Invoker) -> EventRules:
    """Take over moto's rules; the latest call counts, and ends the scheduler of the one before."""
    global _current
    with _LOCK:
        if not _ORIGINAL:
            _ORIGINAL["send_to_targets"] = _RULE.send_to_targets
            _RULE.send_to_targets = _send_to_targets
        before, _current = _current, EventRules(functions)
        installed = _current
        rule_requests.install(installed.publish)
        object_events.install(installed.publish)
    if before:
        before.stop()
    return installed


def _send_to_targets(self: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
    """What moto calls for PutEvents, replays and S3's notifications."""
    if _current is None:
        _ORIGINAL["send_to_targets"](self, original_event, transform_input)
    else:
        _current.offer(self, _completed(original_event))


def _completed(event: dict[str, Any]) -> dict[str, Any]:
    moment = event.get("time")
    whole = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "account": DEFAULT_ACCOUNT_ID,
        "region": REGION,
        "resources": [],
        "detail": {},
        **event,
        "time": moment if moment and isinstance(moment, str) else _iso(float(moment or CLOCK.now())),
    }
    whole.pop("ingestion-time", None)
    return whole


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _scheduled_rules() -> Iterator[Entry]:
    backends = [backend for account in list(_BACKENDS.values()) for backend in list(account.values())]
    for bus in [bus for backend in backends for bus in list(backend.event_buses.values())]:
        for rule in list(bus.rules.values()):
            if rule.scheduled_expression:
                yield Entry(rule.arn, Timing(rule.scheduled_expression), rule.state == "ENABLED", rule)


def _scheduled_event(rule: Any) -> dict[str, Any]:
    event = {"detail-type": "Scheduled Event", "source": "aws.events", "account": rule.account_id}
    return _completed({**event, "region": rule.region_name, "resources": [rule.arn]})


def _dead_letter(rule: Any, target: dict[str, Any], event: dict[str, Any], reason: Undeliverable) -> None:
    _LOGGER.warning("an event for target %r of rule %r was not delivered: %s", target["Id"], rule.name, reason)
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue:
        attributes = {
            "RULE_ARN": rule.arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": reason.code,
            "ERROR_MESSAGE": str(reason),
        }
        send_to_queue(queue, json.dumps(event), attributes)


Publish = Callable[[dict[str, Any]], None]
"""What emitters of AWS events are given: `EventRules.publish`."""
