"""Bearer tokens: signed by the pool's keys (RS256), for this pool's client, to be used as access tokens, not expired.

The rules are Cognito's: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.accounts import keys
from chalicelib.accounts.errors import InvalidToken
from chalicelib.aws import clock
from chalicelib.aws.settings import settings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHM = "RS256"
MAX_CHARACTERS = 8_192
_BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/=-]+)")


def bearer(headers: Mapping[str, str]) -> str:
    """The id of the user who sent a request, by its headers (names in lower case); raises InvalidToken."""
    given = headers.get("authorization")
    if not given:
        raise InvalidToken("Not authenticated")
    found = _BEARER.fullmatch(given) if len(given) <= MAX_CHARACTERS else None
    if found is None:
        raise InvalidToken("Authorization: a Bearer token is expected")
    return subject(found[1])


def subject(token: str) -> str:
    """Whom an access token is for; raises InvalidToken."""
    from joserfc.errors import JoseError

    try:
        claims = _claims(token)
    except (JoseError, ValueError, TypeError) as error:
        # joserfc takes the members of a header (`crit`) for what they should be
        raise InvalidToken("Could not validate credentials") from error
    return checked(claims)


def checked(claims: Mapping[str, Any]) -> str:
    """The subject of claims whose signature was verified; raises InvalidToken unless they say what they must."""
    stated = {name: claims.get(name) for name in ("iss", "client_id", "token_use")}
    expected = {"iss": issuer(), "client_id": settings().user_pool_client_id, "token_use": "access"}
    expires, user = claims.get("exp"), claims.get("sub")
    if stated != expected or not isinstance(user, str) or not user:
        raise InvalidToken("Could not validate credentials")
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= clock.seconds():
        raise InvalidToken("The token has expired")
    return user


def issuer() -> str:
    """The pool as its tokens name it."""
    pool = settings().user_pool_id
    return f"https://cognito-idp.{pool.partition('_')[0]}.amazonaws.com/{pool}"


def _claims(token: str) -> dict[str, Any]:
    from joserfc.errors import InvalidKeyIdError

    try:
        return _decoded(token, keys.known())
    except InvalidKeyIdError:
        # signed by a key that is newer than what we remember, or by nobody we know
        return _decoded(token, keys.known(again=True))


def _decoded(token: str, known: KeySet) -> dict[str, Any]:
    from joserfc import jwt

    return dict(jwt.decode(token, known, algorithms=[ALGORITHM]).claims)
