"""The command's groups, put together."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mediawright.cli import (
    assets,
    batches,
    configuration,
    media,
    operations,
    runs,
    stages,
    triggers,
    webhooks,
    workflows,
)
from mediawright.cli.groups import Root, StartGroup
from mediawright.cli.health_view import facts as health_facts
from mediawright.cli.session import Session, current
from mediawright.cli.settings import Options, completed, endpoint_of
from mediawright.errors import ConnectionFailed
from mediawright.version import __version__

app = typer.Typer(
    cls=Root,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Media workflows on AWS, from the command line. --json, --endpoint, --stack, --region and --profile may "
    "stand anywhere. Exit status: 0 success, 1 a failed run or a refusal, 2 bad usage.",
)
app.add_typer(operations.app, name="op", help="Operations: Lambda functions that can be a part of stages.")
app.add_typer(stages.app, name="stage", help="Stages: operations that run side by side.")
app.add_typer(workflows.app, name="workflow", help="Workflows: chains of stages.")
app.add_typer(
    runs.app, name="run", cls=StartGroup, help="Runs. `mediawright run WORKFLOW FILE` uploads, runs and follows."
)
app.add_typer(
    batches.app,
    name="batch",
    cls=StartGroup,
    help="Many runs by one request. `mediawright batch WORKFLOW FILES` uploads, runs and counts.",
)
app.add_typer(triggers.app, name="trigger", help="What starts runs by itself: objects, the clock, messages, events.")
app.add_typer(webhooks.app, name="webhook", help="Who is told of runs' changes.")
app.add_typer(assets.app, name="asset", help="Assets: media, and what was found out about them.")
app.add_typer(configuration.app, name="config", help="This command's own settings, and those of the system.")
media.add_to(app)


@app.callback()
def options(
    ctx: typer.Context,
    endpoint: Annotated[str | None, typer.Option(help="The API's address (env MEDIAWRIGHT_ENDPOINT).")] = None,
    stack: Annotated[
        str | None, typer.Option(help="A CloudFormation stack to ask for the address (env MEDIAWRIGHT_STACK).")
    ] = None,
    region: Annotated[str | None, typer.Option(help="The AWS region to sign for.")] = None,
    profile: Annotated[str | None, typer.Option(help="The AWS profile to take credentials from.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")] = False,
) -> None:
    if endpoint and stack:
        raise typer.BadParameter("--endpoint and --stack are two ways to say one thing: give one of them")
    ctx.obj = Session(Options(endpoint, stack, region, profile), as_json=as_json)


@app.command(epilog="Example: mediawright health")
def health(ctx: typer.Context) -> None:
    """Show how the engine is doing: slots, the queue, waiting runs, and what the last sweep repaired."""
    session = current(ctx)
    found = session.client.health()
    session.table(["", ""], health_facts(found), found)


@app.command(epilog="Example: mediawright version")
def version(ctx: typer.Context) -> None:
    """Show the versions of this command and of the API, if it answers."""
    session = current(ctx)
    told: dict[str, Any] = {"Client": __version__, "Endpoint": endpoint_of(completed(session.options))}
    try:
        told.update(session.client.version())
    except ConnectionFailed as error:
        if not session.as_json:
            session.errors.print(str(error), soft_wrap=True)
    session.table(["", ""], [[name, value] for name, value in told.items()], told)
