"""What the jobs stand on, each by name, and whether it answers. Nobody is told how something failed: the log is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from chalicelib.accounts import keys
from chalicelib.aws import dynamodb, objects
from chalicelib.aws.settings import settings
from chalicelib.definitions import store as definitions
from chalicelib.jobs import kinds
from chalicelib.web.errors import MediawrightError

OK, ERROR, ABSENT = "ok", "error", "not configured"
OPTIONAL = frozenset({"encoding", "email"})
_LOG = logging.getLogger("mediawright.jobs")


def report() -> dict[str, str]:
    """Each dependency: ok, error, or not configured."""
    return {name: _answer(name, ask) for name, ask in _QUESTIONS.items()}


def is_healthy(found: dict[str, str]) -> bool:
    """Whether all that jobs need answers; optional parts don't count."""
    return all(told == OK for name, told in found.items() if name not in OPTIONAL)


def _answer(name: str, ask: Callable[[], bool]) -> str:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return OK if ask() else ABSENT if name in OPTIONAL else ERROR
    except (BotoCoreError, ClientError, MediawrightError):
        _LOG.exception("health: %s doesn't answer", name)
        return ERROR


def _database() -> bool:
    dynamodb.get(settings().system_table, {"Kind": "configuration", "Name": "health"}, consistent=False)
    return True


def _storage() -> bool:
    # there is no such object; an empty answer would mean that the bucket may not be asked
    return objects.head(settings().data_bucket, "private/uploads/health") is None


def _accounts() -> bool:
    return bool(keys.known().keys)


def _operations() -> bool:
    return _has(encodes=False)


def _encoding() -> bool:
    return _has(encodes=True)


def _has(encodes: bool) -> bool:
    names = {kind.workflow for kind in kinds.KINDS if kind.encodes == encodes}
    return names <= set(definitions.read_many("workflow", names))


def _email() -> bool:
    return bool(settings().notification_sender)


_QUESTIONS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "storage": _storage,
    "accounts": _accounts,
    "operations": _operations,
    "encoding": _encoding,
    "email": _email,
}
