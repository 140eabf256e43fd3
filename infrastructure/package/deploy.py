"""`python -m infrastructure.package.deploy check | deploy | destroy`: the ordinary AWS CLI, told what to do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from infrastructure.package import settings
from infrastructure.package.build import CORE_TEMPLATE
from infrastructure.package.settings import BadSetting, StackPlace
from infrastructure.template.fragments import Template, read

PROJECT = Path(__file__).resolve().parents[2]
DIST = "dist"
PACKAGED = "packaged.json"
Command = list[str]

_LEFT = """
What the stack made while it ran is not the stack's and stays too: state machines and event rules whose names have its
ShortUuid, subscriptions of triggers, and the tag mediawright on functions of operations. Delete triggers, workflows
and operations before, or those by hand.
The tables can be deleted once their deletion protection is off: deploy with PARAMETERS=DeletionProtection=No before
you destroy the stack, or turn it off for each (aws dynamodb update-table --no-deletion-protection-enabled).
"""


def deploy_commands(place: StackPlace, bucket: str, parameters: Sequence[str], dist: Path) -> list[Command]:
    """Upload, deploy, show the outputs. Parameters that are not given keep their values."""
    packaged = str(dist / PACKAGED)
    stored = ["--s3-bucket", bucket, "--s3-prefix", f"mediawright/{place.stack}", "--region", place.region]
    upload = ["aws", "cloudformation", "package", "--template-file", str(dist / CORE_TEMPLATE), *stored]
    change = ["aws", "cloudformation", "deploy", "--template-file", packaged, "--stack-name", place.stack, *stored]
    return [
        [*upload, "--use-json", "--output-template-file", packaged],
        [
            *change,
            # roles, all with generated names; the SAM transform
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            "--no-fail-on-empty-changeset",
            *(("--parameter-overrides", *parameters) if parameters else ()),
        ],
        _describe(place, "Stacks[0].Outputs[].[OutputKey,OutputValue]"),
    ]


def destroy_commands(place: StackPlace) -> list[Command]:
    """Delete the stack and wait until it is gone."""
    named = ["--stack-name", place.stack, "--region", place.region]
    return [
        ["aws", "cloudformation", "delete-stack", *named],
        ["aws", "cloudformation", "wait", "stack-delete-complete", *named],
    ]


def known_parameters(cfn: Path) -> set[str]:
    """The names of the stack's parameters."""
    return {name for fragment in _fragments(cfn) for name in fragment.get("Parameters", {})}


def retained(cfn: Path) -> list[str]:
    """The logical ids of what stays when the stack is deleted."""
    entries = (entry for fragment in _fragments(cfn) for entry in fragment.get("Resources", {}).items())
    return sorted(name for name, resource in entries if resource.get("DeletionPolicy") == "Retain")


def _fragments(cfn: Path) -> Iterator[Template]:
    return (read(path) for path in sorted(cfn.glob("*.yaml")))


def _describe(place: StackPlace, query: str) -> Command:
    named = ["--stack-name", place.stack, "--region", place.region]
    return ["aws", "cloudformation", "describe-stacks", *named, "--query", query, "--output", "table"]


def _kept_query(names: Sequence[str]) -> str:
    chosen = " || ".join(f"LogicalResourceId=='{name}'" for name in names)
    return f"StackResourceSummaries[?{chosen}].[LogicalResourceId,PhysicalResourceId]"


def check(environment: Mapping[str, str], project: Path) -> int:
    """Find out whether `deploy` will know what to do, before anything is built; 0. Raises BadSetting."""
    _commands(environment, project)
    _check_cli()
    return 0


def _commands(environment: Mapping[str, str], project: Path) -> list[Command]:
    place, bucket = settings.stack_place(environment), settings.bucket(environment)
    given = settings.parameters(environment, known_parameters(project / "cfn"))
    return deploy_commands(place, bucket, given, project / DIST)


def deploy(environment: Mapping[str, str], project: Path) -> int:
    """Deploy what `make package` built; the exit status. Raises BadSetting before anything is run."""
    upload, *rest = _commands(environment, project)
    template = project / DIST / CORE_TEMPLATE
    if not template.exists():
        raise BadSetting(f"{template} is missing: run `make package` first")
    status = _run([upload])
    if status:
        return status
    _compact(project / DIST / PACKAGED)
    return _run(rest)


def destroy(environment: Mapping[str, str], project: Path) -> int:
    """Delete the stack, saying first what stays; the exit status. Raises BadSetting before anything is run."""
    place = settings.stack_place(environment)
    names = retained(project / "cfn")
    named = ["--stack-name", place.stack, "--region", place.region]
    listing = ["aws", "cloudformation", "list-stack-resources", *named]
    print(f"These stay, with all that is in them: {', '.join(names)}", flush=True)
    status = _run([[*listing, "--query", _kept_query(names), "--output", "table"]])
    print(_LEFT, flush=True)
    return status or _run(destroy_commands(place))


def _compact(path: Path) -> None:
    """Rewrite JSON without white space: as the CLI indents it, it nears the 1 MB that a template may have."""
    template = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(template, separators=(",", ":")), encoding="utf-8")


def _check_cli() -> None:
    if shutil.which("aws") is None:
        raise BadSetting("the AWS CLI is missing: https://aws.amazon.com/cli/ says how to install it")


def _run(commands: Sequence[Command]) -> int:
    _check_cli()
    for command in commands:
        status = subprocess.run(command, check=False).returncode
        if status:
            print(f"`aws {command[1]} {command[2]}` ended with {status}", file=sys.stderr)
            return status
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `check`, `deploy` or `destroy` with the environment's variables."""
    actions = {"check": check, "deploy": deploy, "destroy": destroy}
    [name] = sys.argv[1:] if arguments is None else arguments
    try:
        return actions[name](os.environ, PROJECT)
    except BadSetting as refusal:
        print(refusal, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
