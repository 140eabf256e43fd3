"""The public keys of the user pool, remembered for an hour, asked for again sooner when a token names another key.

Where they can't be read, those that are remembered stay good. They are public and asked for without a signature, at
the address of the pool's service.
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chalicelib.aws import clock
from chalicelib.aws.clients import client
from chalicelib.aws.settings import settings
from chalicelib.web.errors import UnavailableError

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

REMEMBERED_SECONDS = 3_600
SOONEST_SECONDS = 30
"""Tokens that name unknown keys, which anybody can send, have them asked for no more often."""
_TIMEOUT_SECONDS = 3.0
_MAX_BYTES = 65_536
_LOG = logging.getLogger("mediawright.accounts")
_UNREADABLE = "The keys that tokens are verified by can't be read; try again later"


@dataclass(frozen=True)
class _Remembered:
    """Keys, and when they were last asked for; `is_fresh` unless they couldn't be read then."""

    url: str
    keys: KeySet
    asked: float
    is_fresh: bool = True


_LOCK = threading.Lock()
_memory: list[_Remembered] = []


def known(*, again: bool = False) -> KeySet:
    """The pool's keys; `again` asks for them anew, unless that was done a moment ago. Raises UnavailableError."""
    url = address()
    with _LOCK:
        found = _memory[-1] if _memory and _memory[-1].url == url else None
        if found is None:
            found = _Remembered(url, _read(url), clock.seconds())
        elif not _is_recent(found, again):
            found = _asked_again(found)
        _memory[:] = [found]
    if again and not found.is_fresh:
        # the key that is asked for may be among those that couldn't be read
        raise UnavailableError(_UNREADABLE)
    return found.keys


def _is_recent(found: _Remembered, again: bool) -> bool:
    seconds = SOONEST_SECONDS if again or not found.is_fresh else REMEMBERED_SECONDS
    return 0 <= clock.seconds() - found.asked < seconds


def _asked_again(found: _Remembered) -> _Remembered:
    try:
        return _Remembered(found.url, _read(found.url), clock.seconds())
    except UnavailableError:
        _LOG.warning("the user pool's keys can't be read; those that are remembered stay good")
        return replace(found, asked=clock.seconds(), is_fresh=False)


def address() -> str:
    """Where the keys lie."""
    return f"{client('cognito-idp').meta.endpoint_url}/{settings().user_pool_id}/.well-known/jwks.json"


def forget() -> None:
    """Drop the remembered keys, for tests that change the pool."""
    with _LOCK:
        _memory.clear()


def _read(url: str) -> KeySet:
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        document: Any = json.loads(fetched(url))
        return KeySet.import_key_set(document)
    except (JoseError, ValueError, KeyError, TypeError) as error:
        # an answer that is cut short or another's is no fault of whoever sent the token
        raise UnavailableError(_UNREADABLE) from error


def fetched(url: str) -> bytes:
    """What lies at the address; raises UnavailableError."""
    import urllib3

    try:
        answer = urllib3.request("GET", url, timeout=_TIMEOUT_SECONDS, retries=2, preload_content=False)
        body: bytes = answer.read(_MAX_BYTES)
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise UnavailableError(_UNREADABLE) from error
    if answer.status != 200:
        raise UnavailableError(_UNREADABLE)
    return body
