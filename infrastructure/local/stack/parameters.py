"""A stack's parameters as CloudFormation takes them: values, previous values, defaults, each checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Slot = Mapping[str, Any]
"""A parameter's declaration in a template."""


class BadParameter(Exception):
    """CloudFormation refuses the request; the message is the one that it answers."""


def effective(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Every parameter's value as text, a default for what is not given.

    Raises BadParameter for one that is unknown, missing or against its constraints.
    """
    slots: Mapping[str, Slot] = template.get("Parameters") or {}
    unknown = sorted(given.keys() - slots.keys())
    if unknown:
        raise BadParameter(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [name for name, slot in slots.items() if name not in given and "Default" not in slot]
    if missing:
        raise BadParameter(f"Parameters: [{', '.join(missing)}] must have values")
    values = {name: given[name] if name in given else text(slot["Default"]) for name, slot in slots.items()}
    for name, slot in slots.items():
        _check(name, slot, values[name])
    return values


def text(value: Any) -> str:
    """A template's scalar as CloudFormation spells it: flags are lower-case words, lists are joined by commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(text(item) for item in value)
    return str(value)


def _check(name: str, slot: Slot, value: str) -> None:
    kind = str(slot.get("Type", "String"))
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    items = [item.strip() for item in value.split(",")] if is_list else [value]
    broken = next(filter(None, (_broken(slot, kind, item) for item in items)), None)
    if broken and "ConstraintDescription" in slot:
        raise BadParameter(f"Parameter {name} failed to satisfy constraint: {slot['ConstraintDescription']}")
    if broken:
        raise BadParameter(f"Parameter '{name}' {broken}")


def _broken(slot: Slot, kind: str, value: str) -> str | None:
    """The constraint that a value is against, as the end of a sentence."""
    if "Number" in kind:
        return _broken_number(slot, value)
    allowed = [text(entry) for entry in slot.get("AllowedValues") or []]
    if allowed and value not in allowed:
        return f"must be one of AllowedValues: [{', '.join(allowed)}]"
    if "AllowedPattern" in slot and not re.fullmatch(slot["AllowedPattern"], value):
        return f"must match pattern {slot['AllowedPattern']}"
    if len(value) < int(slot.get("MinLength", 0)):
        return f"must contain at least {slot['MinLength']} characters"
    if "MaxLength" in slot and len(value) > int(slot["MaxLength"]):
        return f"must contain at most {slot['MaxLength']} characters"
    return None


def _broken_number(slot: Slot, value: str) -> str | None:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        return "must be a number"
    allowed = [float(entry) for entry in slot.get("AllowedValues") or []]
    if allowed and float(value) not in allowed:
        return f"must be one of AllowedValues: [{text(slot['AllowedValues'])}]"
    if "MinValue" in slot and float(value) < float(slot["MinValue"]):
        return f"must be a number not less than {slot['MinValue']}"
    if "MaxValue" in slot and float(value) > float(slot["MaxValue"]):
        return f"must be a number not greater than {slot['MaxValue']}"
    return None
