"""`mediawright op`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from mediawright.cli import bodies, shared
from mediawright.cli.session import current
from mediawright.cli.shared import Configuration, DryRun, File, Kind, MaxConcurrent, Name
from mediawright.client.documents import Operation

app = typer.Typer(no_args_is_help=True)


class Type(StrEnum):
    """How the engine learns that an operation has done its work."""

    SYNC = "Sync"
    ASYNC = "Async"
    CALLBACK = "Callback"
    WAIT = "Wait"


Types = Annotated[
    Type | None,
    typer.Option("--type", help="Wait: until it is resumed. Callback: until it is told. Else --monitor decides."),
]
Asynchronous = Annotated[bool | None, typer.Option("--async/--sync", help="Whether a monitor is polled.")]
Start = Annotated[str | None, typer.Option("--start", help="The ARN of the function that does or starts the work.")]
Monitor = Annotated[str | None, typer.Option("--monitor", help="The ARN of the function that tells how it goes.")]
MediaType = Annotated[str | None, typer.Option(help="Video, Audio, Image, Text, ..., or MetadataOnly.")]
Enabled = Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether it runs unless told.")]
Timeout = Annotated[int | None, typer.Option(min=1, help="How many seconds it may take.")]
Heartbeat = Annotated[int | None, typer.Option(min=1, help="How many seconds a Callback may be silent.")]
Retry = Annotated[
    str | None,
    typer.Option(
        help='When it is tried again: {"MaxAttempts": 5, "IntervalSeconds": 2, "BackoffRate": 2}, or @FILE.'
    ),
]
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
        group="op",
        every=lambda client: client.operations(),
        one=lambda client, name: client.operation(name),
        delete=lambda client, name, force: client.delete_operation(name, force=force),
        columns=["Name", "Type", "Media", "Default", "Function"],
        row=_row,
    ),
)


@app.command(
    epilog="Examples:\n\nmediawright op create --name Thumbnail --media-type Video --start ARN --max-concurrent 9\n\n"
    "mediawright op create --name Approve --type Wait --media-type MetadataOnly"
)
def create(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    kind: Types = None,
    start: Start = None,
    monitor: Monitor = None,
    asynchronous: Asynchronous = None,
    media_type: MediaType = None,
    enabled: Enabled = None,
    configuration: Configuration = None,
    schema: Schema = None,
    timeout: Timeout = None,
    heartbeat: Heartbeat = None,
    retry: Retry = None,
    max_concurrent: MaxConcurrent = None,
    dry_run: DryRun = False,
) -> None:
    """Register an operation, from a JSON file, from options, or from both: options win."""
    given = {
        "Name": name,
        "Type": _type(kind, asynchronous),
        "StartLambdaArn": start,
        "MonitorLambdaArn": monitor,
        "TimeoutSeconds": timeout,
        "HeartbeatSeconds": heartbeat,
        "MaxConcurrent": max_concurrent,
    }
    body = shared.definition(file, {**given, **_documents(configuration, schema, retry)})
    body.setdefault("Type", "Async" if body.get("MonitorLambdaArn") else "Sync")
    body["Configuration"] = {"Enabled": True, **body.get("Configuration", {}), **_switches(media_type, enabled)}
    _check(body)
    operation = current(ctx).client.create_operation(body, dry_run=dry_run)
    shared.made(ctx, "operation", "registered", operation, dry_run=dry_run)


@app.command(epilog="Example: mediawright op update --name Thumbnail --disabled")
def update(
    ctx: typer.Context,
    file: File = None,
    name: Name = None,
    kind: Types = None,
    start: Start = None,
    monitor: Monitor = None,
    asynchronous: Asynchronous = None,
    media_type: MediaType = None,
    enabled: Enabled = None,
    configuration: Configuration = None,
    schema: Schema = None,
    timeout: Timeout = None,
    heartbeat: Heartbeat = None,
    retry: Retry = None,
    max_concurrent: MaxConcurrent = None,
    dry_run: DryRun = False,
) -> None:
    """Change an operation; workflows that use it become stale until they are updated."""
    given = {
        "Name": name,
        "Type": _type(kind, asynchronous),
        "StartLambdaArn": start,
        "MonitorLambdaArn": monitor,
        "TimeoutSeconds": timeout,
        "HeartbeatSeconds": heartbeat,
        "MaxConcurrent": max_concurrent,
    }
    body = shared.definition(file, {**given, **_documents(configuration, schema, retry)})
    client = current(ctx).client
    switches = _switches(media_type, enabled)
    if switches:
        # a configuration is replaced as a whole, so what stays has to be sent along
        base = body.get("Configuration") or client.operation(body["Name"])["Configuration"]
        body["Configuration"] = {**base, **switches}
    operation = client.update_operation(body, dry_run=dry_run)
    shared.made(ctx, "operation", "changed", operation, dry_run=dry_run)
    if body.get("MaxConcurrent") is not None and not dry_run:
        current(ctx).say("workflows take in an operation's first cap with their next `mediawright workflow update`")


def _check(body: dict[str, Any]) -> None:
    """Say what is missing in the words of the options, before the API says it in its own."""
    if "MediaType" not in body["Configuration"]:
        raise typer.BadParameter("its media type is missing: give --media-type, or MetadataOnly if it needs none")
    if body["Type"] != Type.WAIT and not body.get("StartLambdaArn"):
        raise typer.BadParameter("its function is missing: give --start ARN")
    if body["Type"] == Type.ASYNC and not body.get("MonitorLambdaArn"):
        raise typer.BadParameter("its monitor is missing: give --monitor ARN, or --sync if it needs none")


def _type(kind: Type | None, asynchronous: bool | None) -> str | None:
    if kind is not None and asynchronous is not None:
        raise typer.BadParameter("--type and --async/--sync are two ways to say one thing: give one of them")
    if asynchronous is not None:
        return (Type.ASYNC if asynchronous else Type.SYNC).value
    return kind.value if kind else None


def _documents(configuration: str | None, schema: str | None, retry: str | None) -> dict[str, Any]:
    return {
        "Configuration": bodies.from_text(configuration, "--configuration"),
        "ConfigurationSchema": bodies.from_text(schema, "--schema"),
        "Retry": bodies.from_text(retry, "--retry"),
    }


def _switches(media_type: str | None, enabled: bool | None) -> dict[str, Any]:
    switches = {"MediaType": media_type, "Enabled": enabled}
    return {name: value for name, value in switches.items() if value is not None}
