"""Reads the hand-written CloudFormation in `cfn/` and lays pieces of templates over one another."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

Template = dict[str, Any]


class _Loader(yaml.CSafeLoader):
    """Safe YAML plus CloudFormation's short function tags."""


def _function(loader: _Loader, suffix: str, node: yaml.Node) -> Template:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]  # the only kind left
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)


def read(path: Path) -> Template:
    """One fragment as plain data, its short tags written out."""
    with path.open(encoding="utf-8") as file:
        fragment: Template = yaml.load(file, _Loader)  # a SafeLoader
    return fragment


def lay_over(base: Template, overlay: Template) -> Template:
    """A copy of `base` in which every member of `overlay` is merged, member by member; the overlay wins."""
    merged = dict(base)
    for key, value in overlay.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = lay_over(below, value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged
