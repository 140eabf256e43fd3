"""Every resource of the template, asked of its own service: a stack's status proves nothing in moto.

All conditions hold here. A new type, or a new property of a type, fails until `readers` reads it or says why not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import moto.cloudformation.models as moto_models
import pytest

from infrastructure.local.embedded import STACK, EmbeddedAws
from tests.deploy import policies
from tests.deploy.readers import READERS, UNREAD

_BACKENDS: Any = moto_models.cloudformation_backends
EVERYTHING = {
    "DeployAnalyticsPipeline": "Yes",
    "DeployDashboard": "Yes",
    "DeployTestResources": "Yes",
    "EnableXrayTrace": "Yes",
    "AlarmEmail": "somebody@example.com",
    "ExternalBucketArn": "arn:aws:s3:::elsewhere/media",
    "OperatorFunctionArns": "arn:aws:lambda:us-east-1:210987654321:function:theirs",
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012",
    "LogRetentionDays": "90",
}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(port=0, aws_port=0, parameters=EVERYTHING) as running:
        yield running


@pytest.fixture(scope="module")
def records(aws: EmbeddedAws) -> list[Any]:
    """Every resource that was made, those of nested stacks too."""
    return list(_records(_BACKENDS["123456789012"]["us-east-1"].get_stack(STACK)))


def _records(stack: Any) -> Iterator[Any]:
    for record in stack.life.records.values():
        yield record
        if record.kind == "AWS::CloudFormation::Stack":
            yield from _records(record.resource.stack)


def test_every_condition_holds_so_that_every_resource_is_made(aws: EmbeddedAws, records: list[Any]) -> None:
    stack = _BACKENDS["123456789012"]["us-east-1"].get_stack(STACK)

    assert set(stack.template_dict["Resources"]) == {
        record.logical_id for record in stack.life.records.values()
    } | set(policies.WHEN_NOT)


def test_every_resource_has_the_properties_of_the_template(aws: EmbeddedAws, records: list[Any]) -> None:
    wrong = []
    for record in records:
        if record.kind in policies.CHECKS:
            wrong.extend(policies.CHECKS[record.kind](record, aws.client))
            continue
        unread = UNREAD.get(record.kind, {})
        if "*" in unread:
            continue
        if record.kind not in READERS:
            wrong.append(f"{record.logical_id}: nothing reads {record.kind}")
            continue
        found = READERS[record.kind](str(getattr(record.resource, "uuid", None) or _id(record)), aws.client)
        for name, wanted in record.properties.items():
            if name not in unread and name not in policies.APART.get(record.kind, ()):
                told = found.get(name, "nothing")
                if _plain(told) != _plain(wanted):
                    wrong.append(f"{record.logical_id}.{name}: {told!r} is not {wanted!r}")

    assert not wrong, "\n".join(wrong)


def _id(record: Any) -> str:
    named = record.kind in ("AWS::Events::Rule", "AWS::Kinesis::Stream")
    return str(record.resource.name if named and hasattr(record.resource, "name") else record.physical_id)


def _plain(node: Any) -> Any:
    """A value in which texts, numbers and flags of one spelling are the same, and order in lists of names is none."""
    if isinstance(node, str) and node[:1] in ("{", "["):
        try:
            return _plain(json.loads(node))
        except ValueError:
            return node
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return sorted((_plain(item) for item in node), key=repr)
    if isinstance(node, bool):
        return str(node).lower()
    return f"{float(node):g}" if isinstance(node, int | float) else node


def test_no_reason_is_left_for_what_the_template_has_no_more(records: list[Any]) -> None:
    stacks = [record.resource.stack for record in records if record.kind == "AWS::CloudFormation::Stack"]
    stacks.append(_BACKENDS["123456789012"]["us-east-1"].get_stack(STACK))
    resources = [entry for stack in stacks for entry in stack.template_dict["Resources"].values()]
    used = {(entry["Type"], name) for entry in resources for name in ("*", *entry["Properties"])}

    assert {(kind, name) for kind, names in UNREAD.items() for name in names} <= used
