from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from requests import Request
from requests_aws4auth import AWS4Auth

from infrastructure.local.endpoint.signatures import (
    KeyPair,
    KeyStore,
    SignatureRefused,
    SignedRequest,
    random_pair,
    verify,
    verify_form,
)

OWNER = KeyPair("AKIAOWNER", "secret")
KEYS = KeyStore(OWNER)
BODY = b'{"Name": "x"}'
ENDPOINT = "http://127.0.0.1:8000/api/"


def signed_by_botocore(url: str, pair: KeyPair = OWNER, method: str = "POST", body: bytes = BODY) -> SignedRequest:
    request = AWSRequest(method, url, {"Content-Type": "application/json"}, body)
    credentials = Credentials(pair.access_key, pair.secret_key, pair.token)
    SigV4Auth(credentials, "execute-api", "us-east-1").add_auth(request)
    return as_received(method, url, dict(request.headers), body)


def signed_by_requests_aws4auth(url: str) -> SignedRequest:
    auth = AWS4Auth(OWNER.access_key, OWNER.secret_key, "us-east-1", "execute-api")
    prepared = Request("POST", url, data=BODY, auth=auth).prepare()
    return as_received("POST", str(prepared.url), dict(prepared.headers), BODY)


def as_received(method: str, url: str, headers: dict[str, str], body: bytes) -> SignedRequest:
    parts = urlsplit(url)
    lowered = {"host": parts.netloc, **{name.lower(): str(value) for name, value in headers.items()}}
    return SignedRequest(method, parts.path, parts.query, lowered, body)


def altered(request: SignedRequest, **members: Any) -> SignedRequest:
    return SignedRequest(**{**vars(request), **members})


@pytest.mark.parametrize("sign", [signed_by_botocore, signed_by_requests_aws4auth])
@pytest.mark.parametrize(
    "path", ["version", "/workflow", "a%20b/c%C3%A4", "x?b=2&a=1&a=0", "x?name=%2Fa%20b&empty=", "metadata/~a.b_c-d"]
)
def test_what_clients_sign_is_accepted(sign: Callable[[str], SignedRequest], path: str) -> None:
    assert verify(sign(ENDPOINT + path), KEYS) == OWNER


def test_temporary_keys_need_their_token() -> None:
    pair = KeyPair("ASIATEMP", "other", "token")
    keys = KeyStore(OWNER)
    keys.add(pair)
    request = signed_by_botocore(ENDPOINT, pair)

    assert verify(request, keys) == pair

    other = KeyStore(OWNER)
    other.add(KeyPair("ASIATEMP", "other", "another token"))
    with pytest.raises(SignatureRefused, match="token"):
        verify(request, other)


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"Name": "y"}'},
        {"query": "a=2"},
        {"path": "/api/other"},
        {"method": "PUT"},
    ],
)
def test_an_altered_request_is_refused(change: dict[str, Any]) -> None:
    request = signed_by_botocore(ENDPOINT + "x?a=1")

    with pytest.raises(SignatureRefused, match="does not match"):
        verify(altered(request, **change), KEYS)


def test_a_body_that_differs_from_its_declared_hash_is_refused() -> None:
    request = signed_by_requests_aws4auth(ENDPOINT)
    assert "x-amz-content-sha256" in request.headers

    with pytest.raises(SignatureRefused, match="does not match"):
        verify(altered(request, body=b"{}"), KEYS)


def test_a_wrong_secret_and_an_unknown_key_are_refused() -> None:
    with pytest.raises(SignatureRefused, match="does not match"):
        verify(signed_by_botocore(ENDPOINT, KeyPair("AKIAOWNER", "wrong")), KEYS)
    with pytest.raises(SignatureRefused, match="invalid"):
        verify(signed_by_botocore(ENDPOINT, KeyPair("AKIANOBODY", "secret")), KEYS)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_stale_or_future_date_is_refused(minutes: int) -> None:
    request = signed_by_botocore(ENDPOINT)

    with pytest.raises(SignatureRefused, match="expired"):
        verify(request, KEYS, datetime.now(UTC) + timedelta(minutes=minutes))
    assert verify(request, KEYS, datetime.now(UTC) + timedelta(minutes=minutes * 0.7)) == OWNER


@pytest.mark.parametrize(
    "header", ["", "Basic abc", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=zz"]
)
def test_anything_but_a_signature_is_a_missing_token(header: str) -> None:
    request = SignedRequest("GET", "/api/", "", {"authorization": header}, b"")

    with pytest.raises(SignatureRefused, match="Missing Authentication Token"):
        verify(request, KEYS)


def s3_client() -> Any:
    session: Any = boto3.Session(OWNER.access_key, OWNER.secret_key, region_name="us-east-1")
    config: Any = Config(signature_version="s3v4", s3={"addressing_style": "path"})
    return session.client("s3", endpoint_url="http://127.0.0.1:4566", config=config)


def presigned(seconds: int = 60) -> SignedRequest:
    url = s3_client().generate_presigned_url(
        "get_object", {"Bucket": "b", "Key": "private/a b+c.mp4"}, ExpiresIn=seconds
    )
    return as_received("GET", url, {}, b"")


def test_a_presigned_url_is_accepted_until_it_expires() -> None:
    assert verify(presigned(), KEYS) == OWNER
    with pytest.raises(SignatureRefused, match="expired"):
        verify(presigned(), KEYS, datetime.now(UTC) + timedelta(seconds=61))


def test_a_presigned_url_for_another_key_or_longer_life_is_refused() -> None:
    request = presigned()

    for change in ({"path": "/b/private/other"}, {"query": request.query.replace("Expires=60", "Expires=600")}):
        with pytest.raises(SignatureRefused, match="does not match"):
            verify(altered(request, **change), KEYS)


def form() -> dict[str, str]:
    answer = s3_client().generate_presigned_post("b", "upload/x", ExpiresIn=60)
    return {name.lower(): value for name, value in answer["fields"].items()}


def test_a_form_upload_is_accepted_until_its_policy_expires() -> None:
    assert verify_form(form(), KEYS) == OWNER
    with pytest.raises(SignatureRefused, match="expired"):
        verify_form(form(), KEYS, datetime.now(UTC) + timedelta(seconds=61))


def test_a_form_with_another_policy_or_none_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="does not match"):
        verify_form({**form(), "x-amz-signature": "0" * 64}, KEYS)
    with pytest.raises(SignatureRefused, match="policy"):
        verify_form({}, KEYS)


def test_random_keys_look_like_aws_keys_and_differ() -> None:
    first, second = random_pair(), random_pair()

    assert first.access_key.startswith("AKIA")
    assert len(first.access_key) == 20
    assert first.secret_key != second.secret_key
