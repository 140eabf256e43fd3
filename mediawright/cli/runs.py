"""`mediawright run`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from mediawright.cli import batches, bodies, collect, inputs, render, run_actions, triggers
from mediawright.cli.following import run_to_end
from mediawright.cli.groups import StartGroup
from mediawright.cli.inputs import Configuration, Key, Priority, Set
from mediawright.cli.progress import drawn
from mediawright.cli.run_actions import RunId
from mediawright.cli.run_view import RunView, view
from mediawright.cli.session import Session, current
from mediawright.cli.uploading import checked_type, uploaded
from mediawright.cli.webhooks import SECRET_VARIABLE
from mediawright.client.documents import Execution

app = typer.Typer(no_args_is_help=True)
app.add_typer(run_actions.app)
app.add_typer(batches.app, name="batch", cls=StartGroup, help="Many runs by one request: `mediawright batch`.")
app.add_typer(triggers.app, name="trigger", help="What starts runs by itself: `mediawright trigger`.")


@app.command(
    epilog="Examples:\n\nmediawright run describe-video clip.mp4\n\n"
    "mediawright run describe-video clip.mp4 --set look.Thumbnail.EverySeconds=5 --priority 9 --timeout 600"
)
def start(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="The workflow, or with --alone the stage.")],
    file: Annotated[Path | None, typer.Argument(exists=True, dir_okay=False, readable=True)] = None,
    asset: Annotated[str | None, typer.Option(help="Run on a known asset, in place of a file.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Run one stage alone.")] = False,
    media_type: Annotated[str | None, typer.Option(help="Video, Audio, Image, Text, ...; told by the name.")] = None,
    configuration: Configuration = None,
    sets: Set = None,
    priority: Priority = None,
    timeouts: Annotated[
        list[str] | None,
        typer.Option(
            "--timeout",
            metavar="[STAGE.OPERATION=]SECONDS",
            help="For the whole run, or for an operation; any number.",
        ),
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="An https address to tell of this run's changes.")] = None,
    webhook_secret_file: Annotated[
        str | None, typer.Option(help=f"A file with the secret that signs, or - (env {SECRET_VARIABLE}).")
    ] = None,
    key: Key = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Don't wait for its end.")] = False,
) -> None:
    """Upload a file, run a workflow on it and follow the run to its end."""
    session = current(ctx)
    if (file is None) == (asset is None):
        raise typer.BadParameter("a run needs a FILE or --asset, one of them")
    wanted: dict[str, Any] = {
        "stage" if alone else "workflow": workflow,
        "configuration": inputs.overrides(configuration, sets),
        "priority": priority,
        "idempotency_key": key,
        "webhook": _webhook(webhook, webhook_secret_file),
        **_timeouts(timeouts or []),
    }
    source = {"asset_id": asset} if file is None else {"media": _media(session, file, media_type, key)}
    run = session.client.start(**wanted, **source)
    if detach:
        _shown(session, run, lambda: session.say(run["Id"]))
    else:
        run_to_end(session, run["Id"])


@app.command("follow", epilog="Example: mediawright run follow RUN")
def follow_run(ctx: typer.Context, run: RunId) -> None:
    """Follow a run to its end. Exit status 1 unless it completes."""
    run_to_end(current(ctx), run)


@app.command("list", epilog="Example: mediawright run list --status Error --limit 10")
def list_runs(
    ctx: typer.Context,
    status: Annotated[inputs.Status | None, typer.Option(help="Only the runs of this status.")] = None,
    asset: Annotated[str | None, typer.Option(help="Only the runs of this asset.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 50,
) -> None:
    """List runs, newest first."""
    session = current(ctx)
    if status is not None and asset is not None:
        raise typer.BadParameter("--status and --asset don't go together")
    client, page = session.client, min(limit, 200)
    if status is not None:
        runs = client.executions_by_status(status.value, page)
    else:
        runs = client.executions(page) if asset is None else client.executions_by_asset(asset, page)
    found = list(islice(runs, limit))
    session.table(["Run", "Workflow", "Status", "Stage", "Created"], [_row(run) for run in found], found)


@app.command(epilog="Example: mediawright run show RUN")
def show(ctx: typer.Context, run: RunId) -> None:
    """Show how a run stands: its operations, what it waits for, its earlier attempts; with --json, all of it."""
    session = current(ctx)
    found = session.client.execution(run)
    _shown(session, found, lambda: _print(session, found))


@app.command(epilog="Example: mediawright run download RUN --to out")
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


def _shown(session: Session, run: Execution, for_people: Callable[[], None]) -> None:
    if session.as_json:
        session.show(run)
    else:
        for_people()


def _print(session: Session, run: Execution) -> None:
    now = view(run)
    if session.console.is_terminal:
        session.console.print(drawn(run))
        _tables(session, now)
        return
    _line("run", now.run_id, now.name, now.status, now.message)
    for name, value in now.facts:
        _line("fact", name, value)
    for stage in now.stages:
        for row in stage.operations:
            _line("operation", stage.name, row.name, row.label, render.seconds(row.seconds), row.message)
    for wait in now.waits:
        _line("wait", *wait)
    for attempt in now.attempts:
        _line("attempt", *attempt)


def _tables(session: Session, now: RunView) -> None:
    for title, columns, rows in (
        ("", ["", ""], now.facts),
        ("Waits", ["Stage", "Operation", "Kind", "Since", "Answer"], now.waits),
        ("Earlier attempts", ["Attempt", "Status", "Ended", "Retried by", "Message"], now.attempts),
    ):
        if rows:
            session.say(f"\n{title}" if title else "")
            render.table(session.console, columns, [list(row) for row in rows])


def _line(*cells: Any) -> None:
    typer.echo("\t".join(render.plain(cell) for cell in cells))


def _media(session: Session, file: Path, media_type: str | None, key: str | None) -> dict[str, Any]:
    kind = checked_type(file, media_type)
    return {kind: uploaded(session, file, key)}


def _webhook(url: str | None, secret_file: str | None) -> dict[str, str] | None:
    if url is None:
        if secret_file is not None:
            raise typer.BadParameter("--webhook-secret-file goes with --webhook")
        return None
    return {"Url": url, "Secret": bodies.secret(secret_file, "--webhook-secret-file", SECRET_VARIABLE)}


def _timeouts(given: list[str]) -> dict[str, Any]:
    """The run's own seconds, and those of its operations."""
    whole: int | None = None
    each: dict[str, dict[str, int]] = {}
    for text in given:
        name, _, seconds = text.rpartition("=")
        stage, _, operation = name.partition(".")
        if not seconds.isdecimal() or (name and not (stage and operation)):
            raise typer.BadParameter(f"--timeout: SECONDS or STAGE.OPERATION=SECONDS is expected, not {text!r}")
        if name:
            each.setdefault(stage, {})[operation] = int(seconds)
        else:
            whole = int(seconds)
    return {"timeout_seconds": whole, "timeouts": each or None}


def _row(run: Any) -> list[Any]:
    workflow = (run.get("Workflow") or {}).get("Name")
    return [run["Id"], workflow, run.get("Status"), run.get("CurrentStage"), render.moment(run.get("Created"))]
