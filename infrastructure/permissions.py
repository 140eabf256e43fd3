"""Writes docs/permissions.md from the template, or with --check fails when the committed one is stale."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infrastructure.committed import PROJECT, write_or_check
from infrastructure.template.builder import build
from infrastructure.template.operators import operator_library

COMMITTED = PROJECT / "docs" / "permissions.md"

_HEAD = """# Permissions

Generated from the template by `python -m infrastructure.permissions`; `make check` fails when this page is stale.

Every Lambda function of the stack has a role of its own, and no role has a wildcard action. A resource of `*`
stands only where AWS offers no ARN to name; the template says why beside each.

**The API is one function.** Chalice puts every route on `APIHandler`, so its role is the union of what all rooms of
the API need: whoever could run code in it could do all of that. Operators don't reach the data plane through it but
through `DataPlaneHandler`, whose role knows assets only.

**No policy grows with what is registered.** State machines run as `WorkflowRole`, which may invoke functions that
carry the tag `mediawright: <stack name>` and those that the parameter `OperatorFunctionArns` lists. With
`OperatorGrants: automatic` the API tags the function of an operation when it is registered and takes that tag back
with the last operation that used it; with `manual` it only looks. It can set and remove no other tag, nor touch a
function that carries another stack's.
`WorkflowRole` is the only role that is ever passed to Step Functions, `TriggerScheduleRole` the only one passed to
EventBridge Scheduler.

The test suite evaluates each call that an engine function makes against its role, and each invocation of a state
machine against the machine's; a call that isn't granted fails the tests. Where a line names a condition of the
template, the statement is there only if the condition holds. `${ShortUuid}` is the stack's short mark.
"""


def page(project: Path) -> str:
    """The page as it is to be committed."""
    resources = {**build(project)["Resources"], **operator_library(project)["Resources"]}
    roles = sorted((name, entry) for name, entry in resources.items() if entry["Type"] == "AWS::IAM::Role")
    lines = [line for name, role in roles for line in _section(name, role, _users(name, resources))]
    return "\n".join([_HEAD, *lines])


def _users(role: str, resources: dict[str, Any]) -> list[str]:
    """The functions that run as a role."""
    return sorted(
        name
        for name, entry in resources.items()
        if entry.get("Properties", {}).get("Role") == {"Fn::GetAtt": [role, "Arn"]}
    )


def _section(name: str, role: dict[str, Any], users: list[str]) -> Iterator[str]:
    trusted = role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
    yield f"## {name}\n"
    yield f"Assumed by `{trusted}`" + (f" for {', '.join(f'`{user}`' for user in users)}.\n" if users else ".\n")
    yield "| why | actions | resources | conditions |"
    yield "|---|---|---|---|"
    for policy in role["Properties"].get("Policies", []):
        for entry in policy["PolicyDocument"]["Statement"]:
            yield _row(entry)
    yield ""


def _row(entry: dict[str, Any]) -> str:
    only_if, statement = (entry["Fn::If"][0], entry["Fn::If"][1]) if "Fn::If" in entry else (None, entry)
    conditions = [f"template: `{only_if}`"] if only_if else []
    conditions += [
        f"{operator} `{key}`: {_cell(values)}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    ]
    why = re.sub(r"(?<!^)(?=[A-Z])", " ", statement["Sid"]).capitalize()
    return f"| {why} | {_cell(statement['Action'])} | {_cell(statement['Resource'])} | {'<br>'.join(conditions)} |"


def _cell(values: Any) -> str:
    return "<br>".join(f"`{text(value)}`" for value in (values if isinstance(values, list) else [values]))


def text(value: Any) -> str:
    """A value of the template, its functions written as CloudFormation's short texts are."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    if function == "Ref":
        return f"${{{argument}}}"
    if function == "Fn::GetAtt":
        return f"${{{'.'.join(argument)}}}"
    if function == "Fn::Sub":
        return str(argument if isinstance(argument, str) else argument[0])
    if function == "Fn::Select":
        return f"{text(argument[1])}[{argument[0]}]"
    if function == "Fn::Split":
        return text(argument[1])
    raise ValueError(f"{function} in a policy: say here how it is to be shown")


def main() -> int:
    """Exit status 1 when --check finds a difference."""
    return write_or_check(COMMITTED, page(PROJECT), "permissions")


if __name__ == "__main__":
    sys.exit(main())
