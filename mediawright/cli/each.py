"""One action on each of several things that a command names: those that refuse don't keep the others from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import typer

from mediawright.cli.session import Session, as_document
from mediawright.errors import ApiError


def each(session: Session, names: Sequence[str], action: Callable[[str], Any], told: Callable[[str], str]) -> None:
    """Do it for each and say so, with --json as one list. Exits with 1 after all were tried when some refused.

    What refuses stands in the list as its `Error`; if nothing else is named, the refusal is all that is printed.
    """
    answers: list[Any] = []
    refused = False
    for name in names:
        try:
            answers.append(action(name))
        except ApiError as error:
            if len(names) == 1:
                raise
            refused = True
            answers.append({"Id": name, "Error": as_document(error)})
            session.complain(error)
        else:
            session.say(told(name))
    if session.as_json:
        session.show(answers)
    if refused:
        raise typer.Exit(1)
