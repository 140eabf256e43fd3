"""The fields of distributed Map states, taken out of a definition before moto parses it.

moto's grammar knows neither batches nor JSON lines, and takes only a percentage with a decimal point.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from infrastructure.local.states import map_items

_OWN = (
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "ItemSelector",
    "Items",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Label",
)


@dataclass(frozen=True)
class Fields:
    """The fields of one state as its definition has them."""

    given: dict[str, Any] = field(default_factory=dict)
    express: bool = False

    def part(self, name: str) -> dict[str, Any]:
        """A field that is an object; empty when it is missing."""
        return dict(self.given.get(name) or {})


def _distributed(state: dict[str, Any], language: str) -> bool:
    config = (state.get("ItemProcessor") or {}).get("ProcessorConfig") or {}
    return state.get("Type") == "Map" and config.get("Mode") == "DISTRIBUTED" and language == "JSONata"


def _states(scope: dict[str, Any], language: str) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every state of a machine with its name and query language, the inner ones after their outer ones."""
    for name, state in (scope.get("States") or {}).items():
        own = state.get("QueryLanguage", language)
        yield name, state, own
        for inner in (*(state.get("Branches") or []), state.get("ItemProcessor"), state.get("Iterator")):
            if isinstance(inner, dict):
                yield from _states(inner, language)


def _check(name: str, fields: Fields) -> None:
    reader, resource = fields.part("ItemReader"), str(fields.part("ItemReader").get("Resource"))
    if reader and not resource.endswith((map_items.LIST, map_items.GET)):
        raise ValueError(f"ItemReader of '{name}': no such Resource: {resource}")
    kind = (reader.get("ReaderConfig") or {}).get("InputType")
    if resource.endswith(map_items.GET) and kind not in map_items.READERS:
        raise ValueError(f"ItemReader of '{name}': InputType {kind} is none of {', '.join(map_items.READERS)}")


def _taken(name: str, state: dict[str, Any]) -> Fields:
    config = state["ItemProcessor"]["ProcessorConfig"]
    fields = Fields({key: state.pop(key) for key in _OWN if key in state}, config.get("ExecutionType") == "EXPRESS")
    _check(name, fields)
    state["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return fields


def strip(definition: str) -> tuple[str, dict[str, Fields]]:
    """A definition that moto can parse, and the fields that were taken out, by state. Raises ValueError."""
    if "DISTRIBUTED" not in definition:
        return definition, {}
    machine = json.loads(definition)
    found = list(_states(machine, machine.get("QueryLanguage", "JSONPath")))
    taken = {name: _taken(name, state) for name, state, language in found if _distributed(state, language)}
    return json.dumps(machine), taken
