"""What passes: others who move a run at the same time, and what AWS refuses for a moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import dynamodb, transaction
from chalicelib.executions.errors import RunMoved

PASSING = (ClientError, BotoCoreError, transaction.StillContended, dynamodb.Throttled)
"""What AWS may refuse now and grant a moment later."""
_TRIES = 5

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Move = Callable[Concatenate[str, Given], Answer]
"""A function of a run's id and more."""


def again_when_moved(done: str) -> Callable[[Move[Given, Answer]], Move[Given, Answer]]:
    """Call a function of a run's id anew when it raises RunMoved: it reads the run and decides again.

    Raises StillContended, with what was `done`, after some tries.
    """

    def decorated(once: Move[Given, Answer]) -> Move[Given, Answer]:
        @wraps(once)
        def tried(run_id: str, /, *args: Given.args, **options: Given.kwargs) -> Answer:
            for _ in range(_TRIES):
                try:
                    return once(run_id, *args, **options)
                except RunMoved:
                    continue
            raise transaction.StillContended(f"run {run_id} kept moving while it was {done}")

        return tried

    return decorated
