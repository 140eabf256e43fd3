"""`mediawright trigger create`: a command for each kind of source."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mediawright.cli import bodies, inputs
from mediawright.cli.inputs import Configuration, Key, Priority, Set
from mediawright.cli.session import current

create = typer.Typer(no_args_is_help=True)

WorkflowName = Annotated[str, typer.Argument(metavar="WORKFLOW", help="The workflow to run.")]
Name = Annotated[str | None, typer.Option(help="What to call it; no two have the same name.")]
Disabled = Annotated[bool, typer.Option("--disabled", help="Make it, but start nothing yet.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check all, show what would be made, write nothing.")]
Asset = Annotated[str | None, typer.Option(help="Run on this asset.")]
Media = Annotated[list[str] | None, typer.Option(metavar="TYPE=s3://BUCKET/KEY", help="Run on this; any number.")]
Input = Annotated[
    str | None,
    typer.Option(
        "--input", help='What to run on, as JSON or @FILE; {"Pointer": "/a/b"} in it is looked up in the event.'
    ),
]


@create.command(
    "s3", epilog="Example: mediawright trigger create s3 describe-video my-bucket --prefix incoming/ --suffix .mp4"
)
def on_objects(
    ctx: typer.Context,
    workflow: WorkflowName,
    bucket: Annotated[str, typer.Argument(help="The bucket; it must send its events to EventBridge.")],
    prefix: Annotated[str | None, typer.Option(help="What the keys begin with.")] = None,
    suffix: Annotated[str | None, typer.Option(help="What the keys end with.")] = None,
    media_type: Annotated[str | None, typer.Option(help="Video, Audio, ...; told by the object.")] = None,
    name: Name = None,
    configuration: Configuration = None,
    sets: Set = None,
    priority: Priority = None,
    disabled: Disabled = False,
    key: Key = None,
    dry_run: DryRun = False,
) -> None:
    """Run a workflow on every object that arrives in a bucket."""
    source = _given(Bucket=bucket, Prefix=prefix, Suffix=suffix, MediaType=media_type)
    body = _body(workflow, name, configuration, sets, priority, disabled)
    _make(ctx, {**body, "S3": source}, key, dry_run)


@create.command(
    "schedule",
    epilog="Example: mediawright trigger create schedule describe-video 'cron(30 2 * * ? *)' "
    "--timezone Europe/Berlin --media Video=s3://my-bucket/card.mp4",
)
def by_clock(
    ctx: typer.Context,
    workflow: WorkflowName,
    expression: Annotated[
        str,
        typer.Argument(
            help="rate(6 hours), which fires at once, too; cron(...) of six fields; or at(2030-12-24T18:00:00)."
        ),
    ],
    timezone: Annotated[str | None, typer.Option(help="Such as Europe/Berlin; UTC unless told.")] = None,
    asset: Asset = None,
    media: Media = None,
    given: Input = None,
    name: Name = None,
    configuration: Configuration = None,
    sets: Set = None,
    priority: Priority = None,
    disabled: Disabled = False,
    key: Key = None,
    dry_run: DryRun = False,
) -> None:
    """Run a workflow by the clock."""
    source = _given(Expression=expression, Timezone=timezone)
    body = _body(workflow, name, configuration, sets, priority, disabled)
    _make(ctx, {**body, "Schedule": source, "Input": _input(asset, media, given)}, key, dry_run)


@create.command(
    "sns",
    epilog="Example: mediawright trigger create sns describe-video "
    'arn:aws:sns:us-east-1:123456789012:look-again --input \'{"AssetId": {"Pointer": "/Message/AssetId"}}\'',
)
def on_messages(
    ctx: typer.Context,
    workflow: WorkflowName,
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC_ARN", help="A standard topic of the stack's account and Region.")
    ],
    asset: Asset = None,
    media: Media = None,
    given: Input = None,
    name: Name = None,
    configuration: Configuration = None,
    sets: Set = None,
    priority: Priority = None,
    disabled: Disabled = False,
    key: Key = None,
    dry_run: DryRun = False,
) -> None:
    """Run a workflow on every message of a topic."""
    body = _body(workflow, name, configuration, sets, priority, disabled)
    _make(ctx, {**body, "SNS": {"TopicArn": topic}, "Input": _input(asset, media, given)}, key, dry_run)


@create.command(
    "pattern",
    epilog='Example: mediawright trigger create pattern describe-video \'{"source": ["archive"]}\' '
    '--input \'{"AssetId": {"Pointer": "/detail/asset"}}\'',
)
def on_events(
    ctx: typer.Context,
    workflow: WorkflowName,
    pattern: Annotated[str, typer.Argument(help="An EventBridge event pattern: a JSON object, or @FILE.")],
    asset: Asset = None,
    media: Media = None,
    given: Input = None,
    name: Name = None,
    configuration: Configuration = None,
    sets: Set = None,
    priority: Priority = None,
    disabled: Disabled = False,
    key: Key = None,
    dry_run: DryRun = False,
) -> None:
    """Run a workflow on every event of the account's default bus that fits a pattern."""
    source = {"Pattern": bodies.from_text(pattern, "PATTERN")}
    body = _body(workflow, name, configuration, sets, priority, disabled)
    _make(ctx, {**body, "EventPattern": source, "Input": _input(asset, media, given)}, key, dry_run)


def _body(
    workflow: str,
    name: str | None,
    configuration: str | None,
    sets: list[str] | None,
    priority: int | None,
    disabled: bool,
) -> dict[str, Any]:
    """What all kinds of triggers have."""
    return _given(
        Workflow=workflow,
        Name=name,
        Configuration=inputs.overrides(configuration, sets),
        Priority=priority,
        Enabled=False if disabled else None,
    )


def _input(asset: str | None, media: list[str] | None, given: str | None) -> dict[str, Any]:
    if sum(map(bool, (asset, media, given))) != 1:
        raise typer.BadParameter("what to run on is missing: give --asset, --media or --input, one of them")
    if given:
        return bodies.from_text(given, "--input") or {}
    return {"AssetId": asset} if asset else {"Media": inputs.media(media)}


def _make(ctx: typer.Context, body: dict[str, Any], key: str | None, dry_run: bool) -> None:
    session = current(ctx)
    made = session.client.create_trigger(body, idempotency_key=key, dry_run=dry_run)
    if session.as_json or dry_run:
        session.show(made)
    else:
        session.say(f"trigger {made['Id']} is made")


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
