"""How the command line is read: the whole command's options anywhere, `run WORKFLOW FILE` for short."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mediawright.cli.session import Session
from mediawright.errors import InvalidArgument, MediawrightError, NotConfigured

_FLAGS = ("--json",)
_VALUED = ("--endpoint", "--stack", "--region", "--profile")


class Root(TyperGroup):
    """The whole command: takes its options anywhere, and says in one line what went wrong."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, hoisted(args))

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (MediawrightError, OSError) as error:
            session: Session = ctx.obj
            session.report(error)
            raise typer.Exit(2 if isinstance(error, (NotConfigured, InvalidArgument)) else 1) from error
        except KeyboardInterrupt:
            raise typer.Exit(1) from None
        finally:
            if isinstance(ctx.obj, Session):
                ctx.obj.close()


class StartGroup(TyperGroup):
    """The commands of runs, or of batches: anything that isn't one of them is the workflow to start."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


def hoisted(args: list[str]) -> list[str]:
    """Return the arguments with the whole command's options first, wherever they stood (up to a `--`)."""
    front: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(args) and args[position] != "--":
        word = args[position]
        if word in _VALUED:
            front += args[position : position + 2]
            position += 2
            continue
        whole = word in _FLAGS or word.partition("=")[0] in _VALUED
        (front if whole else rest).append(word)
        position += 1
    return front + rest + args[position:]
