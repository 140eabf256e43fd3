"""`mediawright webhook`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from mediawright.cli import bodies
from mediawright.cli.each import each
from mediawright.cli.session import current

SECRET_VARIABLE = "MEDIAWRIGHT_WEBHOOK_SECRET"  # noqa: S105 - the variable's name

app = typer.Typer(no_args_is_help=True)

WebhookName = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name.")]


@app.command(
    epilog="Example: mediawright webhook create catalogue https://catalogue.example/runs "
    "--workflow describe-video --status Complete --status Error"
)
def create(
    ctx: typer.Context,
    name: WebhookName,
    url: Annotated[str, typer.Argument(help="Its address: https, on port 443 or 8443.")],
    workflow: Annotated[str | None, typer.Option(help="Only the runs of this workflow.")] = None,
    status: Annotated[list[str] | None, typer.Option(help="Only changes to this status; any number.")] = None,
    secret_file: Annotated[
        str | None,
        typer.Option(
            help=f"A file with the secret that signs, or - (env {SECRET_VARIABLE}); one is made if not given."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, write nothing.")] = False,
) -> None:
    """Have an address told of runs' changes. A secret that is made for it is shown this once."""
    session = current(ctx)
    made = session.client.create_webhook(
        name,
        url,
        workflow=workflow,
        statuses=status or None,
        secret=bodies.secret_if_any(secret_file, SECRET_VARIABLE),
        dry_run=dry_run,
    )
    if session.as_json or dry_run:
        session.show(made)
        return
    session.say(f"webhook {name} is made")
    if "Secret" in made:
        session.say(f"its secret, shown this once: {made['Secret']}")


@app.command("list", epilog="Example: mediawright webhook list")
def list_webhooks(ctx: typer.Context) -> None:
    """List the webhooks."""
    session = current(ctx)
    found = list(session.client.webhooks())
    rows = [[hook["Name"], hook["Url"], hook.get("Workflow"), ", ".join(hook.get("Statuses", []))] for hook in found]
    session.table(["Name", "Address", "Workflow", "Statuses"], rows, found)


@app.command(epilog="Example: mediawright webhook show catalogue")
def show(ctx: typer.Context, name: WebhookName) -> None:
    """Show a webhook as JSON, without its secret."""
    session = current(ctx)
    session.show(session.client.webhook(name))


@app.command(epilog="Example: mediawright webhook delete catalogue")
def delete(
    ctx: typer.Context,
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="The webhooks' names.")],
) -> None:
    """Delete webhooks; what is on its way to them is dropped."""
    session = current(ctx)
    each(session, names, session.client.delete_webhook, lambda name: f"webhook {name} is deleted")


@app.command(epilog="Example: mediawright webhook dead --limit 10")
def dead(ctx: typer.Context, limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 100) -> None:
    """List what webhooks could not be told in the last 30 days, the latest first."""
    session = current(ctx)
    found = list(islice(session.client.dead_deliveries(min(limit, 1000)), limit))
    rows = [
        [one["Died"], one.get("Webhook", "(the run's own)"), one["EventId"], one["Attempts"], one["LastReason"]]
        for one in found
    ]
    session.table(["Given up", "Webhook", "Event", "Attempts", "Reason"], rows, found)
