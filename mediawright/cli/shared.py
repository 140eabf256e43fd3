"""The commands that operations, stages and workflows have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from mediawright.cli import bodies
from mediawright.cli.each import each
from mediawright.cli.session import current
from mediawright.client import Client

File = Annotated[str | None, typer.Argument(help="A JSON file with the definition, or - for the standard input.")]
Name = Annotated[str | None, typer.Option(help="The name; needed unless the file has it.")]
Configuration = Annotated[str | None, typer.Option(help="A JSON object, or @ and a file of one.")]
MaxConcurrent = Annotated[int | None, typer.Option(min=1, help="How many runs may be at it at a time.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check all, show what would be made, write nothing.")]


@dataclass(frozen=True)
class Kind:
    """One kind of definition: how it is called, how the client handles it, what a list shows of it."""

    noun: str
    group: str
    every: Callable[[Client], Iterator[Any]]
    one: Callable[[Client, str], Any]
    delete: Callable[[Client, str, bool], Any]
    columns: list[str]
    row: Callable[[Any], list[Any]]


def add_common(app: typer.Typer, kind: Kind) -> None:
    """Add `list`, `show` and `delete`."""

    @app.command("list", help=f"List the {kind.noun}s.", epilog=f"Example: mediawright {kind.group} list")
    def list_all(ctx: typer.Context) -> None:
        session = current(ctx)
        found = list(kind.every(session.client))
        session.table(kind.columns, [kind.row(definition) for definition in found], found)

    @app.command("show", help=f"Show one {kind.noun} as JSON.", epilog=f"Example: mediawright {kind.group} show NAME")
    def show(ctx: typer.Context, name: str) -> None:
        session = current(ctx)
        session.show(kind.one(session.client, name))

    @app.command(
        "delete", help=f"Delete {kind.noun}s.", epilog=f"Example: mediawright {kind.group} delete NAME --force"
    )
    def delete(
        ctx: typer.Context,
        names: list[str],
        force: Annotated[bool, typer.Option("--force", help="Even if it is in use.")] = False,
    ) -> None:
        session = current(ctx)
        each(
            session,
            names,
            lambda name: kind.delete(session.client, name, force),
            lambda name: f"{kind.noun} {name} is deleted",
        )


def definition(file: str | None, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a definition: the file's, with the members that options gave. Raises BadParameter without a name."""
    given = {name: value for name, value in members.items() if value is not None}
    body = {**(bodies.from_file(file) if file else {}), **given}
    if not body.get("Name"):
        raise typer.BadParameter("there is no name: give a JSON file with a Name, or --name")
    return body


def made(ctx: typer.Context, noun: str, verb: str, answer: Mapping[str, Any], *, dry_run: bool) -> None:
    """Say what was made, or what would be."""
    session = current(ctx)
    if session.as_json or dry_run:
        session.show(answer)
    else:
        session.say(f"{noun} {answer.get('Name')} is {verb}")
