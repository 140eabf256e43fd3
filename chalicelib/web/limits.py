"""How often a user may ask a route in a minute, counted in DynamoDB, so that it holds over any number of functions.

One conditional update counts a request and refuses it at once where the minute is full: nothing is read first.
Items of the System table: Kind `rate#<user>`, Name `<route>#<minute>`; they expire by themselves.
"""

from __future__ import annotations

from chalicelib.aws import clock, transaction
from chalicelib.aws.dynamodb import Expression
from chalicelib.aws.settings import settings
from chalicelib.web.errors import TooManyRequestsError

WINDOW_SECONDS = 60


class _Full(Exception):
    """The minute holds as many requests as it may."""


def count(user: str, route: str, most: int) -> None:
    """Count one request of a user; raises TooManyRequestsError when the minute has had `most` of them.

    Where the answer to a count is lost, the SDK counts again: the user loses a request of this minute.
    """
    now = int(clock.seconds())
    window, passed = divmod(now, WINDOW_SECONDS)
    wait = WINDOW_SECONDS - passed
    free = Expression("attribute_not_exists(#count) OR #count < :most", {"#count": "Count"}, {":most": most})
    one_more = transaction.update(
        settings().system_table,
        {"Kind": f"rate#{user}", "Name": f"{route}#{window}"},
        {"ExpiresAt": now + wait + WINDOW_SECONDS},
        free,
        _Full,
        count="Count",
    )
    try:
        transaction.alone(one_more)
    except _Full:
        text = f"{most} per 1 minute: this route takes no more of you for {wait} s"
        raise TooManyRequestsError(text, wait) from None
