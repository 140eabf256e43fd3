"""What a rule's InputTransformer makes of an event.

A placeholder outside quotes becomes JSON, one between quotes becomes text of that string; `<aws.events.event.json>`
is the event, `<aws.events.event>` the event without its detail.
Source: the EventBridge user guide, "Input transformation".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from infrastructure.local.clock import CLOCK

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_TOKEN = re.compile(r'\\.|"|<([\w.-]+)>', re.DOTALL)


def at_path(event: Any, path: str) -> Any:
    """The value at a path such as `$.detail.names[0]`; null when it isn't there."""
    value = event
    for name, index in _STEP.findall(path.removeprefix("$")):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def transformed(template: str, paths: Mapping[str, str], event: dict[str, Any], rule_arn: str) -> str:
    """The text of a template with every placeholder that is known replaced."""
    values = {name: at_path(event, path) for name, path in paths.items()} | _reserved(event, rule_arn)
    inside = False

    def replace(found: re.Match[str]) -> str:
        nonlocal inside
        if found[0] == '"':
            inside = not inside
        if found[1] not in values:
            return found[0]
        return _in_string(values[found[1]]) if inside else json.dumps(values[found[1]])

    return _TOKEN.sub(replace, template)


def _reserved(event: dict[str, Any], rule_arn: str) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": CLOCK.iso(),
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }


def _in_string(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text)[1:-1]
