"""Which Bearer tokens are good. The keys are made here: the pool's own are asked for in the system's tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from chalicelib.accounts import keys, tokens
from chalicelib.accounts.errors import InvalidToken
from chalicelib.aws import clock
from chalicelib.web.errors import UnavailableError

NOW = 1_800_000_000.0
KEY = RSAKey.generate_key(2048, {"kid": "first", "alg": "RS256", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "second", "alg": "RS256", "use": "sig"})
CLAIMS: dict[str, Any] = {
    "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_TestPool1",
    "client_id": "testclient",
    "token_use": "access",
    "sub": "somebody",
    "exp": NOW + 60,
}


class Published:
    """The pool's published keys, and how often they were asked for."""

    def __init__(self) -> None:
        self.keys = [KEY]
        self.asked = 0

    def fetched(self, url: str) -> bytes:
        assert url.endswith("/us-east-1_TestPool1/.well-known/jwks.json")
        self.asked += 1
        return json.dumps(KeySet(self.keys).as_dict(private=False)).encode()


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, aws: None) -> Iterator[Published]:
    found = Published()
    monkeypatch.setattr(keys, "fetched", found.fetched)
    monkeypatch.setattr(clock, "time_source", lambda: NOW)
    keys.forget()
    yield found
    keys.forget()


def token(key: RSAKey = KEY, **claims: Any) -> str:
    given = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": key.kid}, given, key)


def test_a_good_token_tells_its_subject(published: Published) -> None:
    for _ in range(3):
        assert tokens.bearer({"authorization": f"Bearer {token()}"}) == "somebody"

    assert published.asked == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other"},
        {"client_id": "another"},
        {"client_id": None, "aud": "testclient"},
        {"token_use": "id"},
        {"exp": NOW},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
    ],
)
def test_claims_that_do_not_say_what_they_must_are_refused(published: Published, claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        tokens.subject(token(**claims))


def _unsigned() -> str:
    _, claims, _ = token().split(".")
    return f"{'eyJhbGciOiJub25lIiwia2lkIjoiZmlyc3QifQ'}.{claims}."


def _by_shared_secret() -> str:
    """The public key taken for the secret of a shared-key signature."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "first"}).encode()).decode().rstrip("=")
    signed = f"{head}.{token().split('.')[1]}"
    digest = hmac.new(KEY.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def _altered() -> str:
    head, claims, signature = token().split(".")
    _, others, _ = token(sub="another").split(".")
    assert claims != others
    return f"{head}.{others}.{signature}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("made", [_unsigned, _by_shared_secret, _altered, lambda: "a.b.c", lambda: "x"])
def test_a_signature_that_is_not_the_pools_is_refused(published: Published, made: Callable[[], str]) -> None:
    with pytest.raises(InvalidToken):
        tokens.subject(made())


@pytest.mark.parametrize("change", [{"crit": 1}, {"crit": [{}]}, {"kid": []}, {"alg": {}}, {"typ": 7}])
def test_a_header_of_wrong_types_is_refused(published: Published, change: dict[str, Any]) -> None:
    header = json.dumps({"alg": "RS256", "kid": "first", **change}).encode()
    _, claims, signature = token().split(".")
    made = f"{base64.urlsafe_b64encode(header).decode().rstrip('=')}.{claims}.{signature}"

    with pytest.raises(InvalidToken):
        tokens.subject(made)


def test_a_new_key_is_asked_for_but_not_at_everybodys_will(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.subject(token())
    published.keys = [KEY, OTHER]
    for _ in range(5):
        with pytest.raises(InvalidToken):
            tokens.subject(token(OTHER))
    assert published.asked == 1

    monkeypatch.setattr(clock, "time_source", lambda: NOW + keys.SOONEST_SECONDS)
    assert tokens.subject(token(OTHER)) == "somebody"
    assert published.asked == 2


def test_keys_that_can_not_be_read_are_nobodys_fault(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(url: str) -> bytes:
        raise UnavailableError("later")

    monkeypatch.setattr(keys, "fetched", fail)
    with pytest.raises(UnavailableError):
        tokens.subject(token())


def test_keys_that_are_remembered_stay_good_where_they_can_not_be_read(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens.subject(token())
    asked = []

    def fail(url: str) -> bytes:
        asked.append(url)
        raise UnavailableError("later")

    reads = keys.fetched
    monkeypatch.setattr(keys, "fetched", fail)
    keys_are_old = NOW + keys.REMEMBERED_SECONDS
    monkeypatch.setattr(clock, "time_source", lambda: keys_are_old)
    later = {"exp": keys_are_old + 60}
    assert [tokens.subject(token(**later)) for _ in range(3)] == ["somebody"] * 3
    assert len(asked) == 1, "they are asked for again after a while only"
    with pytest.raises(UnavailableError):
        tokens.subject(token(OTHER, **later))

    monkeypatch.setattr(keys, "fetched", reads)
    published.keys = [KEY, OTHER]
    monkeypatch.setattr(clock, "time_source", lambda: keys_are_old + keys.SOONEST_SECONDS)
    assert tokens.subject(token(OTHER, **later)) == "somebody"


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"{}", b'{"keys": [{"kty": "RSA"}]}', b'{"keys": 7}'])
def test_an_answer_without_keys_is_no_fault_of_the_token(
    published: Published, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(keys, "fetched", lambda _: answer)
    with pytest.raises(UnavailableError):
        tokens.subject(token())


@pytest.mark.parametrize(
    "header", [None, "", "Basic eA==", "Bearer", "Bearer a b", "Bearer \u00e4", f"Bearer {'a' * 9000}"]
)
def test_other_headers_authenticate_nobody(published: Published, header: str | None) -> None:
    with pytest.raises(InvalidToken):
        tokens.bearer({} if header is None else {"authorization": header})
