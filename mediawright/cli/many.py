"""One action on many runs that a selection chooses: asked for anew from where an answer ended, until all are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from mediawright.cli.session import Session

LIMIT = 100
"""How many runs at most, if the command doesn't say."""

Ask = Callable[[str | None, int], Any]
"""Ask the API for what is chosen since a time, and for so many runs at most."""


def many(session: Session, ask: Ask, since: str | None, limit: int, done: str, what: str) -> None:
    """Do it until there is no more or the limit is reached, and tell what became of each run.

    One request works for some seconds; where it ended it says in `Next`. In JSON mode all answers are told as one.
    Exits with 1 when some refused.
    """
    told: dict[str, Any] = {done: [], "Refused": [], "More": True}
    while told["More"] and (left := limit - len(told[done]) - len(told["Refused"])) > 0:
        answer = ask(since, left)
        _tell(session, answer, done, what)
        since = answer.get("Next")
        told = {**answer, done: told[done] + answer[done], "Refused": told["Refused"] + answer["Refused"]}
    if session.as_json:
        session.show(told)
    if not told[done] and not told["Refused"]:
        session.say("no run is chosen")
    if told["More"]:
        session.errors.print(f"There may be more: raise --limit, or go on with --since {since}", soft_wrap=True)
    if told["Refused"]:
        raise typer.Exit(1)


def _tell(session: Session, answer: Any, done: str, what: str) -> None:
    for run in answer[done]:
        session.say(f"run {run} {what}")
    for refused in answer["Refused"]:
        session.say(f"run {refused['Id']} is refused: {refused['Message']}")
