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
# A policy's version is the text 2012-10-17, with quotes or without: CloudFormation knows no dates.
_Loader.yaml_implicit_resolvers = {
    first: [entry for entry in entries if entry[0] != "tag:yaml.org,2002:timestamp"]
    for first, entries in _Loader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Template:
    """One fragment as plain data, its short tags written out."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Template:
    """CloudFormation's YAML as plain data. Raises yaml.YAMLError."""
    document: Template = yaml.load(text, _Loader)  # a SafeLoader
    return document


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
