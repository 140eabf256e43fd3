"""Nested stacks: what moto's AWS::CloudFormation::Stack lacks, `Outputs.<name>` and templates that are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import moto.cloudformation.models as moto_models
from moto.cloudformation.exceptions import ValidationError

_MODELS: Any = moto_models
_STACK: Any = moto_models.Stack
_OUTPUT = "Outputs."
_served: dict[str, str] = {}


def serve(templates: Mapping[str, dict[str, Any]]) -> None:
    """Answer these templates at these addresses from now on, instead of what S3 holds there."""
    _served.clear()
    _served.update({url: json.dumps(template) for url, template in templates.items()})


def with_inner(stack: Any) -> Iterator[Any]:
    """A created stack and every stack nested in it."""
    yield stack
    for logical_id in stack.template_dict["Resources"]:
        created = stack.resource_map[logical_id]
        if isinstance(created, _STACK):
            yield from with_inner(created)


def _from_url(original: Any) -> Any:
    def template_at(url: str, **place: Any) -> Any:
        return _served[url] if url in _served else original(url, **place)

    return template_at


def _attribute(stack: Any, attribute: str) -> Any:
    name = attribute.removeprefix(_OUTPUT)
    if name not in stack.template_dict.get("Outputs", {}):
        raise ValidationError(stack.name, f"the nested stack {stack.name} has no output {name}")
    return stack.output_map[name].value


@cache
def install() -> None:
    """Let moto make nested stacks as AWS does."""
    _MODELS.get_stack_from_s3_url = _from_url(_MODELS.get_stack_from_s3_url)
    _STACK.has_cfn_attr = staticmethod(lambda attribute: attribute.startswith(_OUTPUT))
    _STACK.get_cfn_attribute = _attribute
