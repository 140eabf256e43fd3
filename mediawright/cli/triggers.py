"""`mediawright trigger`, which is `mediawright run trigger` too."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from mediawright.cli import bodies
from mediawright.cli.each import each
from mediawright.cli.session import Session, current
from mediawright.cli.trigger_sources import create
from mediawright.client.documents import Trigger

app = typer.Typer(no_args_is_help=True)
app.add_typer(create, name="create", help="Make a trigger: on objects, by the clock, on messages, on events.")

TriggerId = Annotated[str, typer.Argument(metavar="TRIGGER", help="The trigger's id or name.")]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KINDS = ("S3", "EventPattern", "SNS", "Schedule")
_DEFINED = ("Name", "Workflow", "Configuration", "Priority", "Enabled", "Input", *_KINDS)


@app.command("list", epilog="Example: mediawright trigger list")
def list_triggers(ctx: typer.Context) -> None:
    """List triggers, each with why it last failed or which run it last made."""
    session = current(ctx)
    found = list(session.client.triggers())
    columns = ["Trigger", "Name", "Workflow", "Kind", "", "Last"]
    session.table(columns, [_row(trigger) for trigger in found], found)


@app.command(epilog="Example: mediawright trigger show incoming-clips")
def show(ctx: typer.Context, trigger: TriggerId) -> None:
    """Show a trigger as JSON, with what became of its last deliveries."""
    session = current(ctx)
    session.show(session.client.trigger(_id(session, trigger)))


@app.command(epilog="Example: mediawright trigger update incoming-clips trigger.json")
def update(
    ctx: typer.Context,
    trigger: TriggerId,
    file: Annotated[str, typer.Argument(help="A JSON file with the new definition, or - for the standard input.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, write nothing.")] = False,
) -> None:
    """Replace a trigger's definition. Its kind, and the topic of an SNS one, stay."""
    session = current(ctx)
    body = bodies.from_file(file)
    changed = session.client.update_trigger(_id(session, trigger), body, dry_run=dry_run)
    _told(session, changed, "would be changed" if dry_run else "is changed")


@app.command(epilog="Example: mediawright trigger enable incoming-clips")
def enable(ctx: typer.Context, trigger: TriggerId) -> None:
    """Let a trigger make runs."""
    _switch(current(ctx), trigger, is_on=True)


@app.command(epilog="Example: mediawright trigger disable incoming-clips")
def disable(ctx: typer.Context, trigger: TriggerId) -> None:
    """Keep a trigger, and let it make no runs."""
    _switch(current(ctx), trigger, is_on=False)


@app.command(epilog="Example: mediawright trigger delete incoming-clips")
def delete(
    ctx: typer.Context,
    triggers: Annotated[list[str], typer.Argument(metavar="TRIGGER", help="The triggers' ids or names.")],
) -> None:
    """Delete triggers; the runs that they made stay."""
    session = current(ctx)
    each(
        session,
        triggers,
        lambda trigger: session.client.delete_trigger(_id(session, trigger)),
        lambda trigger: f"trigger {trigger} is deleted",
    )


def _switch(session: Session, trigger: str, *, is_on: bool) -> None:
    trigger_id = _id(session, trigger)
    found = session.client.trigger(trigger_id)
    # a definition is replaced as a whole, so what stays has to be sent along
    body = {name: value for name, value in found.items() if name in _DEFINED}
    changed = session.client.update_trigger(trigger_id, {**body, "Enabled": is_on})
    _told(session, changed, "is enabled" if is_on else "is disabled")


def _id(session: Session, trigger: str) -> str:
    """The id of what a user calls by its id or its name; a name of none is handed on, for the API to refuse."""
    if _ID.fullmatch(trigger):
        return trigger
    named = (found["Id"] for found in session.client.triggers() if found.get("Name") == trigger)
    return next(named, trigger)


def _told(session: Session, trigger: Trigger, what: str) -> None:
    if session.as_json:
        session.show(trigger)
    else:
        session.say(f"trigger {trigger.get('Name', trigger['Id'])} {what}")


def _row(trigger: Trigger) -> list[Any]:
    state = "enabled" if trigger["Enabled"] else "disabled"
    failed = trigger.get("LastError", {})
    # whichever came later tells how it is doing
    is_broken = failed.get("Time", "") > trigger.get("LastFired", "")
    last = failed.get("Message") if is_broken else trigger.get("LastRun")
    return [trigger["Id"], trigger.get("Name"), trigger["Workflow"], trigger["Kind"], state, last]
