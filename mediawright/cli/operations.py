"""`mediawright op`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mediawright.cli import bodies, shared
from mediawright.cli.session import current
from mediawright.cli.shared import Configuration, DryRun, File, Kind, Name
from mediawright.client.documents import Operation

app = typer.Typer(no_args_is_help=True)

Asynchronous = Annotated[bool | None, typer.Option("--async/--sync", help="Whether a monitor is polled.")]
Start = Annotated[str | None, typer.Option("--start", help="The ARN of the function that does or starts the work.")]
Monitor = Annotated[str | None, typer.Option("--monitor", help="The ARN of the function that tells how it goes.")]
MediaType = Annotated[str | None, typer.Option(help="Video, Audio, Image, Text, ..., or MetadataOnly.")]
Enabled = Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it runs unless told.")]
Schema = Annotated[str | None, typer.Option("--schema", help="A JSON Schema of its configuration, or @FILE.")]


def _row(operation: Operation) -> list[Any]:
    configuration = operation.get("Configuration", {})
    enabled = "enabled" if configuration.get("Enabled") else "disabled"
    start = operation.get("StartLambdaArn", "").rpartition(":")[2]
    return [operation["Name"], operation.get("Type"), configuration.get("MediaType"), enabled, start]


shared.add_common(
    app,
    Kind(
        noun="operation",
        every=lambda client: client.operations(),
        one=lambda client, name: client.operation(name),
        delete=lambda client, name, force: client.delete_operation(name, force=force),
        columns=["Name", "Type", "Media", "Default", "Function"],
        row=_row,
    ),
)


@app.command()
def create(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    start: Start = None,
    monitor: Monitor = None,
    asynchronous: Asynchronous = None,
    media_type: MediaType = None,
    enabled: Enabled = None,
    configuration: Configuration = None,
    schema: Schema = None,
    dry_run: DryRun = False,
) -> None:
    """Register an operation, from a JSON file, from options, or from both: options win."""
    given = _members(name, start, monitor, asynchronous, configuration, schema)
    body = shared.definition(file, given)
    body.setdefault("Type", "Async" if body.get("MonitorLambdaArn") else "Sync")
    body["Configuration"] = {"Enabled": True, **body.get("Configuration", {}), **_switches(media_type, enabled)}
    if "MediaType" not in body["Configuration"]:
        raise typer.BadParameter("its media type is missing: give --media-type, or MetadataOnly if it needs none")
    operation = current(ctx).client.create_operation(body, dry_run=dry_run)
    shared.made(ctx, "operation", "registered", operation, dry_run=dry_run)


@app.command()
def update(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    start: Start = None,
    monitor: Monitor = None,
    asynchronous: Asynchronous = None,
    media_type: MediaType = None,
    enabled: Enabled = None,
    configuration: Configuration = None,
    schema: Schema = None,
    dry_run: DryRun = False,
) -> None:
    """Change an operation; workflows that use it become stale until they are updated."""
    client = current(ctx).client
    body = shared.definition(file, _members(name, start, monitor, asynchronous, configuration, schema))
    switches = _switches(media_type, enabled)
    if switches:
        # a configuration is replaced as a whole, so what stays has to be sent along
        base = body.get("Configuration") or client.operation(body["Name"])["Configuration"]
        body["Configuration"] = {**base, **switches}
    operation = client.update_operation(body, dry_run=dry_run)
    shared.made(ctx, "operation", "changed", operation, dry_run=dry_run)


def _members(
    name: str | None,
    start: str | None,
    monitor: str | None,
    asynchronous: bool | None,
    configuration: str | None,
    schema: str | None,
) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": None if asynchronous is None else ("Async" if asynchronous else "Sync"),
        "StartLambdaArn": start,
        "MonitorLambdaArn": monitor,
        "Configuration": bodies.from_text(configuration, "--configuration"),
        "ConfigurationSchema": bodies.from_text(schema, "--schema"),
    }


def _switches(media_type: str | None, enabled: bool | None) -> dict[str, Any]:
    switches = {"MediaType": media_type, "Enabled": enabled}
    return {name: value for name, value in switches.items() if value is not None}
