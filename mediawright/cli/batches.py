"""`mediawright batch`, which is `mediawright run batch` too."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from mediawright.cli import batch_view, inputs, render
from mediawright.cli.following import batch_to_end
from mediawright.cli.inputs import Configuration, Key, Priority, Set
from mediawright.cli.session import Session, current
from mediawright.cli.uploading import checked_type, uploaded
from mediawright.client.documents import Batch

MOST_INPUTS = 1000

app = typer.Typer(no_args_is_help=True)

BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id.")]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Don't wait for its end.")]
_EXAMPLES = """Examples:

mediawright batch describe-video a.mp4 b.mp4

mediawright batch describe-video --manifest s3://my-bucket/lists/night.jsonl --skip-bad --tolerate 10

mediawright batch describe-video --prefix s3://my-bucket/incoming/ --media-type Video --detach"""


@app.command(epilog=_EXAMPLES)
def start(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="The workflow, or with --alone the stage.")],
    files: Annotated[list[Path] | None, typer.Argument(exists=True, dir_okay=False, readable=True)] = None,
    assets: Annotated[list[str] | None, typer.Option("--asset", help="A known asset; any number.")] = None,
    manifest: Annotated[
        str | None, typer.Option(help="Items as JSON lines: s3://BUCKET/KEY, or a file, which is uploaded.")
    ] = None,
    prefix: Annotated[str | None, typer.Option(help="All objects under s3://BUCKET/PREFIX.")] = None,
    media_type: Annotated[str | None, typer.Option(help="Video, Audio, ...; told by the names.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Run one stage alone.")] = False,
    configuration: Configuration = None,
    sets: Set = None,
    priority: Priority = None,
    tolerate: Annotated[
        int | None, typer.Option(min=0, max=100, help="Fail, and cancel the rest, when more percent of runs fail.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Run the good items even if some are bad; else nothing runs then.")
    ] = False,
    key: Key = None,
    detach: Detach = False,
) -> None:
    """Run a workflow on many inputs and follow the runs' counts to the end.

    Exit status 1 unless a run was made of every item and all complete; with --skip-bad, items of which none was made
    are told and don't count.
    """
    session = current(ctx)
    source = _source(session, files or [], assets or [], manifest, prefix, media_type, key)
    subject: dict[str, Any] = {"stage": workflow} if alone else {"workflow": workflow}
    batch = session.client.create_batch(
        **subject,
        **source,
        configuration=inputs.overrides(configuration, sets),
        priority=priority,
        tolerated_failure_percentage=tolerate,
        on_bad_line="skip" if skip_bad else None,
        idempotency_key=key,
    )
    if not detach:
        batch_to_end(session, batch["Id"])
    elif session.as_json:
        session.show(batch)
    else:
        session.say(batch["Id"])


@app.command(epilog="Example: mediawright batch follow BATCH")
def follow(ctx: typer.Context, batch: BatchId) -> None:
    """Follow a batch to its end. Exit status 1 unless all of its runs complete."""
    batch_to_end(current(ctx), batch)


@app.command("list", epilog="Example: mediawright batch list --limit 10")
def list_batches(
    ctx: typer.Context, limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 50
) -> None:
    """List batches, newest first."""
    session = current(ctx)
    found = list(islice(session.client.batches(min(limit, 200)), limit))
    session.table(["Batch", "Workflow", "Status", "Runs", "Created"], [_row(batch) for batch in found], found)


@app.command(epilog="Example: mediawright batch show BATCH")
def show(ctx: typer.Context, batch: BatchId) -> None:
    """Show a batch: its counts, and the items of which no run is made."""
    session = current(ctx)
    found = session.client.batch(batch)
    session.table(["", ""], batch_view.facts(found), found)


@app.command(epilog="Example: mediawright batch runs BATCH --status Error")
def runs(
    ctx: typer.Context,
    batch: BatchId,
    status: Annotated[inputs.Status | None, typer.Option(help="Only the runs of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 1000,
) -> None:
    """List a batch's runs, each with the line or the key that it was made of."""
    session = current(ctx)
    every = session.client.batch_runs(batch)
    found = list(islice((run for run in every if status is None or status.value == run["Status"]), limit))
    rows = [[run["Id"], run.get("Line", run.get("Key")), run["Status"], run.get("Message")] for run in found]
    session.table(["Run", "Made of", "Status", ""], rows, found)


@app.command(epilog="Example: mediawright batch cancel BATCH --reason 'wrong workflow'")
def cancel(
    ctx: typer.Context,
    batch: BatchId,
    reason: Annotated[str | None, typer.Option(help="Why; kept with the batch and its runs.")] = None,
) -> None:
    """End a batch: nothing more is submitted, and its open runs are canceled, which may take a while."""
    session = current(ctx)
    _told(session, session.client.cancel_batch(batch, reason), "is canceled")


@app.command(epilog="Example: mediawright batch retry BATCH --set look.Thumbnail.EverySeconds=5")
def retry(
    ctx: typer.Context,
    batch: BatchId,
    configuration: Configuration = None,
    sets: Set = None,
    detach: Detach = False,
) -> None:
    """Run again what of a batch failed or was canceled, each run from where it failed; follow it to the end.

    A batch that broke off before a run was made of every item goes on making them.
    """
    session = current(ctx)
    retried = session.client.retry_batch(batch, inputs.overrides(configuration, sets))
    if detach:
        _told(session, retried, "runs again")
    else:
        batch_to_end(session, batch)


def _source(
    session: Session,
    files: list[Path],
    assets: list[str],
    manifest: str | None,
    prefix: str | None,
    media_type: str | None,
    idempotency_key: str | None,
) -> dict[str, Any]:
    """The member of the request that says what to run on, with local files uploaded."""
    if sum(map(bool, (files or assets, manifest, prefix))) != 1:
        raise typer.BadParameter("a batch needs FILES or --asset, or --manifest, or --prefix: one of them")
    if prefix:
        bucket, key = inputs.place(prefix, "--prefix")
        kind = {"MediaType": media_type} if media_type else {}
        return {"prefix": {"S3Bucket": bucket, "S3Prefix": key, **kind}}
    if manifest:
        return {"manifest": _manifest(session, manifest, idempotency_key)}
    if len(files) + len(assets) > MOST_INPUTS:
        raise typer.BadParameter(f"a batch takes {MOST_INPUTS} files and assets; --manifest and --prefix any number")
    known = [{"Input": {"AssetId": asset}} for asset in assets]
    return {"inputs": known + _uploads(session, files, media_type, idempotency_key)}


def _manifest(session: Session, manifest: str, idempotency_key: str | None) -> dict[str, str]:
    if manifest.startswith("s3://"):
        bucket, key = inputs.place(manifest, "--manifest")
        return {"S3Bucket": bucket, "S3Key": key}
    if not Path(manifest).is_file():
        raise typer.BadParameter(f"--manifest: {manifest} is no file, nor s3://BUCKET/KEY")
    place = uploaded(session, Path(manifest), idempotency_key)
    return {"S3Bucket": place["S3Bucket"], "S3Key": place["S3Key"]}


def _uploads(
    session: Session, files: list[Path], media_type: str | None, idempotency_key: str | None
) -> list[dict[str, Any]]:
    kinds = [checked_type(file, media_type) for file in files]
    places = [uploaded(session, file, idempotency_key) for file in files]
    return [{"Input": {"Media": {kind: place}}} for kind, place in zip(kinds, places, strict=True)]


def _told(session: Session, batch: Batch, what: str) -> None:
    if session.as_json:
        session.show(batch)
    else:
        session.say(f"batch {batch['Id']} {what}")


def _row(batch: Batch) -> list[Any]:
    subject = batch.get("Name", batch.get("Stage"))
    return [batch["Id"], subject, batch["Status"], batch_view.counted(batch), render.moment(batch["Created"])]
