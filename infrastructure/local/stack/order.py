"""In which order a template's resources are made: each after what it refers to or depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

_PLACE = re.compile(r"\$\{([^!}][^}]*)\}")


class BadTemplate(Exception):
    """CloudFormation refuses the template; the message is the one that it answers."""


def creation_order(template: Mapping[str, Any]) -> list[str]:
    """Logical ids, every one behind those that it needs. Raises BadTemplate for a circle or an unknown name."""
    resources: Mapping[str, Any] = template["Resources"]
    check_references(template)
    graph = {name: sorted(_needs(resource) & resources.keys()) for name, resource in resources.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise BadTemplate(f"Circular dependency between resources: [{circle}]") from error


def check_references(template: Mapping[str, Any]) -> None:
    """Raise BadTemplate when something refers to what the template doesn't have."""
    resources = template["Resources"]
    known = resources.keys() | (template.get("Parameters") or {}).keys()
    for block, node in (("Resources", resources), ("Outputs", template.get("Outputs") or {})):
        found = {name for name in references(node) if not name.startswith("AWS::")}
        missing = sorted(found - known)
        if missing:
            names = ", ".join(missing)
            problem = f"Unresolved resource dependencies [{names}] in the {block} block of the template"
            raise BadTemplate(f"Template format error: {problem}")


def references(node: Any) -> Iterator[str]:
    """Every name that a node refers to by Ref, GetAtt or Sub."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, dict):
        if len(node) == 1:
            yield from _function_references(*next(iter(node.items())))
        else:
            for value in node.values():
                yield from references(value)


def _function_references(name: str, value: Any) -> Iterator[str]:
    if name == "Ref" and isinstance(value, str):
        yield value
    elif name == "Fn::GetAtt":
        yield value[0] if isinstance(value, list) else str(value).split(".")[0]
    elif name == "Fn::Sub":
        text, given = value if isinstance(value, list) else (value, {})
        yield from (place.split(".")[0] for place in _PLACE.findall(text) if place not in given)
        yield from references(list(given.values()))
    else:
        yield from references(value)


def _needs(resource: Mapping[str, Any]) -> set[str]:
    depends = resource.get("DependsOn") or []
    return {*references(resource.get("Properties") or {}), *([depends] if isinstance(depends, str) else depends)}
