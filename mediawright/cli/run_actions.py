"""What is done to runs: `mediawright run cancel`, `retry`, `resume`, `callback`, `delete`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from mediawright.cli import bodies, inputs
from mediawright.cli.each import each
from mediawright.cli.following import run_to_end
from mediawright.cli.inputs import Configuration, Set
from mediawright.cli.many import LIMIT, many
from mediawright.cli.session import current
from mediawright.client.documents import Deleted, Retried

TOKEN_VARIABLE = "MEDIAWRIGHT_TASK_TOKEN"  # noqa: S105 - the variable's name

app = typer.Typer()

RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]
RunIds = Annotated[list[str], typer.Argument(metavar="RUN", help="The runs' ids.")]
MaybeRunIds = Annotated[list[str] | None, typer.Argument(metavar="RUN", help="The runs' ids.")]
Workflow = Annotated[str | None, typer.Option(help="Many runs of this workflow, in place of ids.")]
Status = Annotated[str | None, typer.Option(help="With --workflow: only those of this status.")]
Since = Annotated[
    str | None, typer.Option(help="With --workflow: made since then: 8h, 3d (ago), or an ISO 8601 time.")
]
Before = Annotated[str | None, typer.Option(help="With --workflow: made before then.")]
ErrorPrefix = Annotated[str | None, typer.Option(help="With --workflow: those whose message begins so.")]
Limit = Annotated[
    int | None, typer.Option(min=1, max=1000, help="With --workflow: how many at most; 100 if not told.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only check, and tell which runs it would be.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Follow the run to its end then.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept with the run.")]


@app.command(epilog="Example: mediawright run cancel RUN --reason 'wrong file'")
def cancel(ctx: typer.Context, runs: RunIds, reason: Reason = None) -> None:
    """End runs that haven't ended: queued, running or waiting. What they made so far stays."""
    session = current(ctx)
    each(session, runs, lambda run: session.client.cancel(run, reason), lambda run: f"run {run} is canceled")


@app.command(
    epilog="Examples:\n\n"
    "mediawright run retry RUN --set look.Thumbnail.EverySeconds=5 --follow\n\n"
    "mediawright run retry --workflow describe-video --status Error --error-prefix 'Stage look' --since 8h --dry-run"
)
def retry(
    ctx: typer.Context,
    runs: MaybeRunIds = None,
    workflow: Workflow = None,
    status: Status = None,
    error_prefix: ErrorPrefix = None,
    since: Since = None,
    before: Before = None,
    limit: Limit = None,
    configuration: Configuration = None,
    sets: Set = None,
    dry_run: DryRun = False,
    follow: Follow = False,
) -> None:
    """Run again what failed or never ran of runs that ended as Error or Canceled; what completed is kept.

    Name the runs, or let --workflow and the options beside it choose them.
    """
    session = current(ctx)
    selection = _selection(runs, workflow, status, error_prefix, since, before, limit)
    changed = inputs.overrides(configuration, sets)
    if follow and (dry_run or len(runs or []) != 1):
        raise typer.BadParameter("--follow goes with one RUN, and not with --dry-run")
    what = "would be retried" if dry_run else "is queued again"
    if selection is not None:

        def ask(start: str | None, most: int) -> Retried:
            return session.client.retry_many(
                **selection, since=start, limit=most, configuration=changed, dry_run=dry_run
            )

        many(session, ask, inputs.moment(since), limit or LIMIT, "Retried", what)
        return
    if follow and runs:
        session.client.retry(runs[0], changed)
        session.say(f"run {runs[0]} {what}")
        run_to_end(session, runs[0])
        return
    each(
        session,
        runs or [],
        lambda run: session.client.retry(run, changed, dry_run=dry_run),
        lambda run: f"run {run} {what}",
    )


@app.command(
    epilog="Examples:\n\n"
    "mediawright run resume RUN --reason approved\n\n"
    "mediawright run resume RUN review --operation Approve --follow"
)
def resume(
    ctx: typer.Context,
    run: RunId,
    stage: Annotated[str | None, typer.Argument(help="The stage that waits; the run tells it.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this one of the stage's waits.")] = None,
    reason: Reason = None,
    follow: Follow = False,
) -> None:
    """Let a run go on that waits for somebody's word. It takes its turn when there is a slot for it."""
    session = current(ctx)
    waiting = stage or session.client.execution(run)["CurrentStage"]
    resumed = session.client.resume(run, waiting, operation=operation, reason=reason)
    if not follow and session.as_json:
        session.show(resumed)
    still = resumed["Status"] == "Waiting"
    session.say(f"run {run} {'waits for another operation of ' + waiting if still else 'is resumed'}")
    if follow:
        run_to_end(session, run)


class Outcome(StrEnum):
    """What an operation's worker says of it."""

    COMPLETE = "Complete"
    ERROR = "Error"
    EXECUTING = "Executing"


@app.command(
    epilog="Examples:\n\n"
    "mediawright run callback RUN Transcribe --token-file token.txt --status Complete --metadata '{\"Words\": 9}'\n\n"
    "mediawright run callback RUN Transcribe --token-file - --status Error --error InvalidInput --cause 'no speech'"
)
def callback(
    ctx: typer.Context,
    run: RunId,
    operation: Annotated[str, typer.Argument(help="The Callback operation.")],
    status: Annotated[Outcome, typer.Option(help="Executing prolongs its heartbeat.")],
    token_file: Annotated[
        str | None,
        typer.Option(help=f"A file with its TaskToken, or - for the standard input (env {TOKEN_VARIABLE})."),
    ] = None,
    media: Annotated[
        list[str] | None, typer.Option(metavar="TYPE=s3://BUCKET/KEY", help="A medium that it made; any number.")
    ] = None,
    metadata: Annotated[str | None, typer.Option(help="Its metadata: a JSON object, or @FILE.")] = None,
    error: Annotated[str | None, typer.Option(help="With Error: its name.")] = None,
    cause: Annotated[str | None, typer.Option(help="With Error: what went wrong.")] = None,
) -> None:
    """Complete or fail a Callback operation, with the token that its function was handed.

    A token is a secret, so it is not an argument: arguments are seen by others and kept in the shell's history.
    """
    session = current(ctx)
    if status is not Outcome.ERROR and (error or cause):
        raise typer.BadParameter("--error and --cause go with --status Error")
    answered = session.client.callback(
        run,
        operation,
        bodies.secret(token_file, "--token-file", TOKEN_VARIABLE),
        status.value,
        media=inputs.media(media),
        metadata=bodies.from_text(metadata, "--metadata"),
        error=error,
        cause=cause,
    )
    if session.as_json:
        session.show(answered)
    session.say(f"operation {operation} of run {run}: {status.value}")


@app.command(
    epilog="Examples:\n\nmediawright run delete RUN\n\n"
    "mediawright run delete --workflow describe-video --status Complete --before 30d --limit 1000"
)
def delete(
    ctx: typer.Context,
    runs: MaybeRunIds = None,
    workflow: Workflow = None,
    status: Status = None,
    error_prefix: ErrorPrefix = None,
    since: Since = None,
    before: Before = None,
    limit: Limit = None,
    dry_run: DryRun = False,
) -> None:
    """Forget runs that have ended; their assets stay. --dry-run goes with --workflow."""
    session = current(ctx)
    selection = _selection(runs, workflow, status, error_prefix, since, before, limit)
    if selection is not None:

        def ask(start: str | None, most: int) -> Deleted:
            return session.client.delete_many(**selection, since=start, limit=most, dry_run=dry_run)

        what = "would be deleted" if dry_run else "is deleted"
        many(session, ask, inputs.moment(since), limit or LIMIT, "Deleted", what)
        return
    if dry_run:
        raise typer.BadParameter("--dry-run goes with --workflow")
    each(session, runs or [], session.client.delete_execution, lambda run: f"run {run} is deleted")


def _selection(
    runs: list[str] | None,
    workflow: str | None,
    status: str | None,
    error_prefix: str | None,
    since: str | None,
    before: str | None,
    limit: int | None,
) -> dict[str, Any] | None:
    """Which runs of a workflow are meant, whenever they were made; None when they are named one by one."""
    rest = {"status": status, "error_prefix": error_prefix, "before": inputs.moment(before)}
    if bool(runs) == (workflow is not None):
        raise typer.BadParameter("name RUNs or give --workflow, one of them")
    if workflow is None:
        if any(value is not None for value in (*rest.values(), since, limit)):
            raise typer.BadParameter(
                "--status, --error-prefix, --since, --before and --limit choose runs of a --workflow"
            )
        return None
    return {"workflow": workflow, **rest}
