"""`mediawright workflow`."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import typer

from mediawright.cli import shared
from mediawright.cli.session import current
from mediawright.cli.shared import DryRun, File, Kind, MaxConcurrent, Name
from mediawright.client.documents import Workflow

app = typer.Typer(no_args_is_help=True)

Stages = Annotated[list[str] | None, typer.Option("--stage", "-s", help="A stage; once for each, in running order.")]
Timeout = Annotated[int | None, typer.Option(min=1, help="How many seconds a run of it may take.")]


def _row(workflow: Workflow) -> list[Any]:
    stale = [*workflow.get("StaleOperations", []), *workflow.get("StaleStages", [])]
    return [workflow["Name"], " > ".join(_order(workflow)), "stale" if stale else ""]


def _order(workflow: Workflow) -> list[str]:
    stages, order = workflow.get("Stages", {}), []
    name: Any = workflow.get("StartAt")
    while name in stages and name not in order:
        order.append(name)
        name = stages[name].get("Next")
    return order


shared.add_common(
    app,
    Kind(
        noun="workflow",
        group="workflow",
        every=lambda client: client.workflows(),
        one=lambda client, name: client.workflow(name),
        delete=lambda client, name, force: client.delete_workflow(name, force=force),
        columns=["Name", "Stages", ""],
        row=_row,
    ),
)


@app.command(epilog="Example: mediawright workflow create --name describe-video -s look -s count --max-concurrent 20")
def create(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    stages: Stages = None,
    max_concurrent: MaxConcurrent = None,
    timeout: Timeout = None,
    dry_run: DryRun = False,
) -> None:
    """Make a workflow of stages, from a JSON file, from options, or from both: options win."""
    body = _definition(file, name, stages, max_concurrent, timeout)
    if not body.get("Stages"):
        raise typer.BadParameter("a workflow needs stages: give --stage, once for each, in running order")
    workflow = current(ctx).client.create_workflow(body, dry_run=dry_run)
    shared.made(ctx, "workflow", "made", workflow, dry_run=dry_run)


@app.command(epilog="Example: mediawright workflow update --name describe-video")
def update(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    stages: Stages = None,
    max_concurrent: MaxConcurrent = None,
    timeout: Timeout = None,
    dry_run: DryRun = False,
) -> None:
    """Make a new revision of a workflow, of its stages as they are now; live runs keep theirs."""
    body = _definition(file, name, stages, max_concurrent, timeout)
    workflow = current(ctx).client.update_workflow(body, dry_run=dry_run)
    shared.made(ctx, "workflow", "changed", workflow, dry_run=dry_run)


@app.command("configuration", epilog="Example: mediawright workflow configuration describe-video")
def show_configuration(ctx: typer.Context, name: str) -> None:
    """Show what each operation of a workflow is configured to do."""
    session = current(ctx)
    session.show(session.client.workflow_configuration(name))


def _definition(
    file: str | None, name: str | None, stages: list[str] | None, max_concurrent: int | None, timeout: int | None
) -> dict[str, Any]:
    members = {"Name": name, "MaxConcurrent": max_concurrent, "TimeoutSeconds": timeout}
    return shared.definition(file, {**members, **(_chained(stages) if stages else {})})


def _chained(stages: list[str]) -> dict[str, Any]:
    if len(set(stages)) < len(stages):
        raise typer.BadParameter("a stage can stand only once in a workflow")
    chain: dict[str, Any] = {name: {"Next": following} for name, following in pairwise(stages)}
    chain[stages[-1]] = {"End": True}
    return {"StartAt": stages[0], "Stages": chain}
