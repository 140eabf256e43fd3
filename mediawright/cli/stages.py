"""`mediawright stage`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mediawright.cli import bodies, shared
from mediawright.cli.session import current
from mediawright.cli.shared import Configuration, DryRun, File, Kind, Name

app = typer.Typer(no_args_is_help=True)

Operations = Annotated[
    list[str] | None, typer.Option("--operation", "-o", help="An operation; once for each, in order.")
]

shared.add_common(
    app,
    Kind(
        noun="stage",
        group="stage",
        every=lambda client: client.stages(),
        one=lambda client, name: client.stage(name),
        delete=lambda client, name, force: client.delete_stage(name, force=force),
        columns=["Name", "Operations"],
        row=lambda stage: [stage["Name"], ", ".join(stage.get("Operations", []))],
    ),
)


@app.command(epilog="Example: mediawright stage create --name look -o Mediainfo -o Thumbnail")
def create(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    operations: Operations = None,
    configuration: Configuration = None,
    dry_run: DryRun = False,
) -> None:
    """Make a stage of operations, from a JSON file, from options, or from both: options win."""
    body = shared.definition(file, _members(name, operations, configuration))
    if not body.get("Operations"):
        raise typer.BadParameter("a stage needs operations: give --operation, once for each")
    stage = current(ctx).client.create_stage(body, dry_run=dry_run)
    shared.made(ctx, "stage", "made", stage, dry_run=dry_run)


@app.command(
    epilog='Example: mediawright stage update --name look --configuration \'{"Thumbnail": {"EverySeconds": 5}}\''
)
def update(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    operations: Operations = None,
    configuration: Configuration = None,
    dry_run: DryRun = False,
) -> None:
    """Change a stage; workflows that use it become stale until they are updated."""
    body = shared.definition(file, _members(name, operations, configuration))
    stage = current(ctx).client.update_stage(body, dry_run=dry_run)
    shared.made(ctx, "stage", "changed", stage, dry_run=dry_run)


def _members(name: str | None, operations: list[str] | None, configuration: str | None) -> dict[str, Any]:
    return {
        "Name": name,
        "Operations": operations or None,
        "Configuration": bodies.from_text(configuration, "--configuration"),
    }
