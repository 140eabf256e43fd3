"""Outputs of stacks, and their exports: unique in a Region, not to be taken away while another stack imports them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import moto.cloudformation.exceptions as moto_exceptions
import moto.cloudformation.parsing as moto_parsing

from infrastructure.local.stack.record import ResourceFailed

_INVALID: Any = moto_exceptions.ValidationError
_PARSING: Any = moto_parsing
_KIND = "AWS::CloudFormation::Stack"


def publish(backend: Any, stack: Any, outputs: Any) -> None:
    """Give a stack these outputs and their exports. Raises ResourceFailed for a name that is taken or one in use."""
    answers = _evaluated(stack, outputs)
    names = {answer["ExportName"]: answer["OutputValue"] for answer in answers if answer["ExportName"]}
    found = {name: _PARSING.Export(stack.stack_id, name, value) for name, value in names.items()}
    own = {name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id}
    taken = sorted((found.keys() & backend.exports.keys()) - own)
    if taken:
        owner = backend.get_stack(backend.exports[taken[0]].exporting_stack_id).name
        raise ResourceFailed(stack.name, _KIND, f"Export with name {taken[0]} is already exported by stack {owner}")
    gone = {name for name in own if name not in found or found[name].value != backend.exports[name].value}
    users = _users(backend, stack, gone)
    if users:
        raise ResourceFailed(stack.name, _KIND, users)
    for name in own:
        del backend.exports[name]
    backend.exports.update(found)
    stack.known_outputs = answers


def withdraw(backend: Any, stack: Any) -> None:
    """Forget a stack's outputs and exports."""
    stack.known_outputs = None
    for name in [name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id]:
        del backend.exports[name]


def importers(backend: Any, stack: Any) -> str | None:
    """Why a stack can't be deleted: another imports from it."""
    own = {name for name, export in backend.exports.items() if export.exporting_stack_id == stack.stack_id}
    return _users(backend, stack, own)


def _evaluated(stack: Any, outputs: Any) -> list[dict[str, Any]]:
    """What DescribeStacks answers. moto would work it out at every call, and make what has been deleted again."""
    try:
        return [_answer(outputs, output) for output in filter(None, outputs.values())]
    except (ValueError, _INVALID) as error:
        raise ResourceFailed(stack.name, _KIND, str(error)) from error


def _answer(outputs: Any, output: Any) -> dict[str, Any]:
    export = outputs._output_json_map[output.key].get("Export")
    name = export and _PARSING.clean_json(export["Name"], outputs._resource_map)
    return {
        "OutputKey": output.key,
        "OutputValue": output.value,
        "Description": output.description,
        "ExportName": name,
    }


def _users(backend: Any, stack: Any, names: set[str]) -> str | None:
    for other in backend.stacks.values():
        if other is stack or not other.template_dict:
            continue
        for node in _imports(other.template_dict):
            name = _PARSING.clean_json(node, other.resource_map)
            if name in names:
                return f"Export {name} cannot be deleted as it is in use by {other.name}"
    return None


def _imports(node: Any) -> Iterator[Any]:
    """What every Fn::ImportValue of a template takes."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::ImportValue":
                yield value
            else:
                yield from _imports(value)
    elif isinstance(node, list):
        for item in node:
            yield from _imports(item)
