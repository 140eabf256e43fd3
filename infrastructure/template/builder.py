"""Builds the one deployable template: Chalice's part, the hand-written part in `cfn/`, the operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infrastructure.template import cors, fragments
from infrastructure.template.fragments import Template
from infrastructure.template.helper_layer import helper_layer
from infrastructure.template.operators import operator_resources
from infrastructure.template.places import RUNTIME, WORKING_TREE, Places
from infrastructure.template.testing import testing_resources

_APART = frozenset({"environment.yaml", "example-workflow.yaml"})
"""What lies in `cfn/` and is no part of the engine's template."""


class TemplateError(Exception):
    """`app.py` and `cfn/` disagree about which functions there are."""


def build(project: Path, places: Places = WORKING_TREE) -> Template:
    """The core stack's SAM template of a project directory (`app.py`, `.chalice`, `cfn`, `operators`) as plain data.

    Raises TemplateError when a function of the app has no role in `cfn/`, or a role has no function.
    """
    # slow to import; a cached build needs neither
    from chalicelib.definitions.grants import ENGINES_OWN, TAG
    from infrastructure.template.chalice_sam import chalice_template

    template = chalice_template(project, places.engine)
    template["Outputs"] = {}
    engine = [name for name, resource in template["Resources"].items() if _is_function(resource)]
    environment = fragments.read(project / "cfn" / "environment.yaml")
    for path in sorted((project / "cfn").glob("*.yaml")):
        if path.name not in _APART:
            template = fragments.lay_over(template, fragments.read(path))
    template["Description"] = "Mediawright: media workflows that remember everything"
    _check(template, engine)
    for name in engine:
        properties = template["Resources"][name]["Properties"]
        properties["Runtime"] = RUNTIME
        properties["Architectures"] = [places.architecture]
        own = properties.get("Environment", {}).get("Variables", {})
        properties["Environment"] = {"Variables": {**environment, **own}}
        properties["Tracing"] = {"Fn::If": ["Traces", "Active", "PassThrough"]}
        properties["Tags"] = {TAG: ENGINES_OWN}
    cors.name_origin(template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"])
    template = fragments.lay_over(template, operator_resources(project, places))
    template = fragments.lay_over(template, helper_layer(places))
    template = fragments.lay_over(template, testing_resources(places))
    short_uuid = _short_uuid()
    resolved: Template = _with_short_uuid(template, short_uuid)
    return resolved


def _is_function(resource: Any) -> bool:
    return bool(resource.get("Type") == "AWS::Serverless::Function")


def _check(template: Template, engine: list[str]) -> None:
    untyped = sorted(name for name, resource in template["Resources"].items() if "Type" not in resource)
    if untyped:
        raise TemplateError(f"cfn/ lays over {', '.join(untyped)}, which app.py does not declare")
    roles = {name: template["Resources"][name]["Properties"].get("Role") for name in engine}
    missing = sorted(name for name, role in roles.items() if not isinstance(role, dict))
    if missing:
        raise TemplateError(f"app.py declares {', '.join(missing)}, which cfn/functions.yaml gives no role")


def _short_uuid() -> Template:
    """The parameter, or the fourth group of the stack's id.

    No CloudFormation function cuts a text at a length; the stack id's groups are the short random texts at hand,
    and of those the fourth differs between stacks that are created at the same time.
    """
    uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    group = {"Fn::Select": [3, {"Fn::Split": ["-", uuid]}]}
    return {"Fn::If": ["DerivesShortUuid", group, {"Ref": "StackShortUuid"}]}


def _with_short_uuid(node: Any, short_uuid: Template) -> Any:
    """`${ShortUuid}` in any Fn::Sub text, given its value."""
    if isinstance(node, list):
        return [_with_short_uuid(item, short_uuid) for item in node]
    if not isinstance(node, dict):
        return node
    text = node.get("Fn::Sub")
    if isinstance(text, str) and "${ShortUuid}" in text:
        return short_uuid if text == "${ShortUuid}" else {"Fn::Sub": [text, {"ShortUuid": short_uuid}]}
    return {key: _with_short_uuid(value, short_uuid) for key, value in node.items()}
