"""Operations come to functions and leave them: who is tagged for the workflow role, and whose tag goes.

A tag goes with the last operation that used its function, and only if the engine had set it. Whoever registers or
deletes reads what is known of the function first, asks Lambda for its tag next, and commits on the condition that
nothing has changed since; so no untagging can fall between. What decides that a tag goes is claimed first, and
nobody commits while it is. A function is remembered before it is tagged and before it is left: whatever dies in
between, the sweep settles it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import clock, functions
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import StillContended, Write, commit
from chalicelib.definitions import function_arns, grants, tagged_store
from chalicelib.definitions.rules import Document, function_fields
from chalicelib.definitions.tagged_store import Tagged, TagMoved
from chalicelib.web.errors import ConflictError

_LOG = logging.getLogger("mediawright.definitions")

_ATTEMPTS = 6
_SETTLED_SECONDS = 60
"""What is younger is left alone by the sweep: whoever wrote it is at it."""


@dataclass(frozen=True)
class Seen:
    """What was found of an operation's functions: what is remembered, and then which of them lack the tag."""

    remembered: Mapping[str, Tagged | None]
    missing: frozenset[grants.Grant]


NOTHING_SEEN = Seen({}, frozenset())
"""Enough for an operation that goes."""


def look(document: Document) -> Seen:
    """What registering an operation has to know. Raises BadRequestError for a function that can't be granted."""
    remembered = {arn: tagged_store.read(arn) for arn in _functions(document)}
    return Seen(remembered, frozenset(grants.check(document)))


def change(name: str, before: Document, after: Document, seen: Seen, writes: Sequence[Write]) -> None:
    """Commit the writes of an operation that comes, changes or goes, with what they mean for its functions' tags.

    An empty document uses no function. Raises what the writes raise, and ConflictError when a function's tag is
    decided about all the time.
    """
    for attempt in range(_ATTEMPTS):
        move = _Move(name, before, after)
        try:
            commit([*writes, *move.joining(seen), *move.leaving()])
            return
        except TagMoved:
            clock.sleep(clock.jitter(0.1 * 2**attempt))
            seen = look(after)
        finally:
            move.settle()
    raise ConflictError("The tag of a function of this operation is being changed at the same time; try again")


def settle_leftovers() -> int:
    """For the sweep: decide about the tags of functions that were left or tagged by somebody who died over it.

    Answers how many there were.
    """
    now = clock.seconds()
    old = [arn for arn, since in tagged_store.leaving() if now - clock.epoch(since) > _SETTLED_SECONDS]
    return sum(_settled(arn) for arn in old)


def settle(arn: str) -> bool:
    """Decide about the tag of a function that is leaving; whether there was something to decide.

    Raises the SDK's errors; the function's note stays then, and the sweep asks again.
    """
    tagged = tagged_store.read(arn)
    if tagged is None or tagged.claimed or not tagged.leaving:
        return False
    try:
        claimed = tagged_store.claim(tagged)
        if tagged_store.is_used(arn) or settings().operator_grants == "manual":
            commit(tagged_store.stay(claimed))
        else:
            _take_back(arn)
            commit(tagged_store.gone(claimed))
    except TagMoved:  # somebody came to it or left it, and looks after it
        return False
    return True


def _take_back(arn: str) -> None:
    """Take the tag off a function, unless its owner has given the function to another stack since."""
    if functions.tags(arn).get(grants.TAG) == settings().stack_name:
        functions.untag(arn, [grants.TAG])


class _Move:
    """One attempt to bring an operation from some functions to others."""

    def __init__(self, name: str, before: Document, after: Document) -> None:
        self._name = name
        self._after = _functions(after)
        self._left = [arn for arn in _functions(before) if arn not in self._after]
        self._open: list[str] = []

    def joining(self, seen: Seen) -> list[Write]:
        """The writes for the functions that the operation uses from now on; tags those that lack it."""
        writes: list[Write] = []
        for arn in self._after:
            tagged = seen.remembered[arn]
            if tagged is not None and tagged.claimed:
                raise TagMoved
            for grant in seen.missing & {grants.Grant(arn)}:
                tagged = tagged_store.begin(arn, tagged)
                self._open.append(arn)
                grant.give()
            writes.append(tagged_store.use(arn, self._name))
            leaving = tagged is not None and tagged.leaving
            writes += tagged_store.stay(tagged) if tagged and leaving else [tagged_store.unchanged(arn, tagged)]
        return writes

    def leaving(self) -> list[Write]:
        """The writes for the functions that the operation uses no more."""
        writes: list[Write] = []
        for arn in self._left:
            writes.append(tagged_store.disuse(arn, self._name))
            tagged = tagged_store.read(arn)
            if tagged is None or settings().operator_grants == "manual":
                continue
            if tagged.claimed:
                raise TagMoved
            writes += tagged_store.leave(tagged)
            self._open.append(arn)
        return writes

    def settle(self) -> None:
        """Decide about the tags of what was left, and of what was tagged for nothing."""
        for arn in self._open:
            _settled(arn)


def _settled(arn: str) -> bool:
    """`settle`, whose failure must neither fail what is done already nor hold up other functions."""
    try:
        return settle(arn)
    except (ClientError, BotoCoreError, StillContended) as error:
        _LOG.warning("the tag of %s is left to the sweep: %s", arn, error)
        return False


def _functions(document: Document) -> list[str]:
    """The functions of an operation, without qualifiers, each once."""
    parsed: Iterable[function_arns.FunctionArn | None] = (
        function_arns.parse(document[field]) for field in function_fields(document)
    )
    return list(dict.fromkeys(arn.unqualified for arn in parsed if arn is not None))
