"""`mediawright run`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from mediawright.cli import bodies, collect, render
from mediawright.cli.media_types import media_type as guessed
from mediawright.cli.progress import drawn, follow
from mediawright.cli.run_view import view
from mediawright.cli.session import Session, current
from mediawright.client.documents import Execution

app = typer.Typer(no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]


@app.command()
def start(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="The workflow, or with --alone the stage.")],
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, readable=True)] = None,
    asset: Annotated[str | None, typer.Option(help="Run on a known asset, in place of a file.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Run one stage alone.")] = False,
    media_type: Annotated[str | None, typer.Option(help="Video, Audio, Image, Text, ...; told by the name.")] = None,
    configuration: Annotated[
        str | None, typer.Option(help='Overrides by stage and operation: {"stage": {"op": {...}}}, or @FILE.')
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Don't wait for its end.")] = False,
) -> None:
    """Upload a file, run a workflow on it and follow the run to its end."""
    session = current(ctx)
    if (file is None) == (asset is None):
        raise typer.BadParameter("a run needs a FILE or --asset, one of them")
    overrides = bodies.from_text(configuration, "--configuration")
    source = {"asset_id": asset} if file is None else {"media": _uploaded(session, file, media_type)}
    subject = {"stage": workflow} if alone else {"workflow": workflow}
    run = session.client.start(**subject, **source, configuration=overrides)  # type: ignore[arg-type]
    if detach:
        _shown(session, run, lambda: session.say(run["Id"]))
    else:
        _followed(session, run["Id"])


@app.command("follow")
def follow_run(ctx: typer.Context, run: RunId) -> None:
    """Follow a run to its end. Exit status 1 unless it completes."""
    _followed(current(ctx), run)


@app.command("list")
def list_runs(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="Only the runs of this status.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only the runs of this asset.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 50,
) -> None:
    """List runs, newest first."""
    session = current(ctx)
    if status is not None and asset is not None:
        raise typer.BadParameter("--status and --asset don't go together")
    client, page = session.client, min(limit, 200)
    if status is not None:
        runs = client.executions_by_status(status, page)
    else:
        runs = client.executions(page) if asset is None else client.executions_by_asset(asset, page)
    found = list(islice(runs, limit))
    session.table(["Run", "Workflow", "Status", "Stage", "Created"], [_row(run) for run in found], found)


@app.command()
def show(ctx: typer.Context, run: RunId) -> None:
    """Show how a run stands; with --json, the whole document."""
    session = current(ctx)
    found = session.client.execution(run)
    _shown(session, found, lambda: _print(session, found))


@app.command()
def cancel(
    ctx: typer.Context,
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="The runs' ids.")],
    reason: Annotated[str | None, typer.Option(help="Why; kept with the run.")] = None,
) -> None:
    """End runs that haven't ended."""
    session = current(ctx)
    canceled = []
    for run in runs:
        canceled.append(session.client.cancel(run, reason))
        session.say(f"run {run} is canceled")
    if session.as_json:
        session.show(canceled)


@app.command()
def delete(
    ctx: typer.Context, runs: Annotated[list[str], typer.Argument(metavar="RUN", help="The runs' ids.")]
) -> None:
    """Forget runs that have ended."""
    session = current(ctx)
    deleted = []
    for run in runs:
        deleted.append(session.client.delete_execution(run))
        session.say(f"run {run} is deleted")
    if session.as_json:
        session.show(deleted)


@app.command()
def download(
    ctx: typer.Context,
    run: RunId,
    to: Annotated[Path, typer.Option("--to", file_okay=False, help="The directory.")] = Path("out"),
) -> None:
    """Fetch what a run made: its media, and its asset's metadata as <operator>.json."""
    session = current(ctx)
    found = session.client.execution(run)
    paths = collect.collect(session.client, found, to, lambda path: session.say(str(path)))
    if session.as_json:
        session.show([str(path) for path in paths])


def _uploaded(session: Session, file: Path, media_type: str | None) -> dict[str, Any]:
    kind = media_type or guessed(file)
    if kind is None:
        raise typer.BadParameter(f"the name of {file.name} doesn't tell what it is: give --media-type")
    if session.as_json or not session.console.is_terminal:
        bucket, key = session.client.upload(file)
    else:
        bucket, key = _upload_shown(session, file)
    return {kind: {"S3Bucket": bucket, "S3Key": key}}


def _upload_shown(session: Session, file: Path) -> tuple[str, str]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=session.console, transient=True) as bar:
        task = bar.add_task(render.plain(f"Uploading {file.name}"), total=file.stat().st_size)
        return session.client.upload(file, on_progress=lambda sent, _: bar.update(task, completed=sent))


def _followed(session: Session, run_id: str) -> None:
    try:
        run = session.client.wait(run_id) if session.as_json else follow(session.client, run_id, session.console)
    except KeyboardInterrupt:
        session.errors.print(f"The run goes on: mediawright run follow {run_id}", soft_wrap=True)
        raise typer.Exit(1) from None
    if session.as_json:
        session.show(run)
    if run["Status"] != "Complete":
        raise typer.Exit(1)


def _shown(session: Session, run: Execution, for_people: Callable[[], None]) -> None:
    if session.as_json:
        session.show(run)
    else:
        for_people()


def _print(session: Session, run: Execution) -> None:
    if session.console.is_terminal:
        session.console.print(drawn(run))
        return
    now = view(run)
    typer.echo("\t".join(render.plain(cell) for cell in ("run", now.run_id, now.name, now.status, now.message)))
    for stage in now.stages:
        for row in stage.operations:
            cells = ("operation", stage.name, row.name, row.status, render.seconds(row.seconds), row.message)
            typer.echo("\t".join(render.plain(cell) for cell in cells))


def _row(run: Any) -> list[Any]:
    workflow = (run.get("Workflow") or {}).get("Name")
    return [run["Id"], workflow, run.get("Status"), run.get("CurrentStage"), render.moment(run.get("Created"))]
