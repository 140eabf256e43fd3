"""Verifies Signature Version 4 on requests, with botocore's own signer computing what the signature should be.

Source: IAM user guide, "Signing AWS API requests"; S3 API reference, "Authenticating requests" (query, form).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from typing import Any
from urllib.parse import parse_qs

import botocore.auth
import botocore.awsrequest
import botocore.credentials

SKEW = timedelta(minutes=5)
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_UNHASHED = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")
_SCOPE = re.compile(r"(?P<key>[^/]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class SignatureRefused(Exception):
    """The request is not signed by a known key, or was altered, or is too old; the text says which."""


@dataclass(frozen=True)
class KeyPair:
    """An access key with its secret, and a session token for temporary ones."""

    access_key: str
    secret_key: str
    token: str | None = None


class KeyStore:
    """The keys that are known; one of them is the owner's."""

    def __init__(self, owner: KeyPair) -> None:
        self.owner = owner
        self._pairs = {owner.access_key: owner}

    def add(self, pair: KeyPair) -> None:
        """Know another key."""
        self._pairs[pair.access_key] = pair

    def find(self, access_key: str) -> KeyPair:
        """The pair of an access key; raises SignatureRefused."""
        try:
            return self._pairs[access_key]
        except KeyError:
            raise SignatureRefused("The security token included in the request is invalid.") from None


def random_pair() -> KeyPair:
    """A new key of AWS's shape."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return KeyPair("AKIA" + "".join(secrets.choice(letters) for _ in range(16)), secrets.token_urlsafe(30))


@dataclass(frozen=True)
class SignedRequest:
    """What a signature covers. `path` and `query` are as sent; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def verify(request: SignedRequest, keys: KeyStore, now: datetime | None = None) -> KeyPair:
    """The key that signed the request, in its headers or its query. Raises SignatureRefused."""
    moment = now or datetime.now(UTC)
    if "X-Amz-Signature=" in request.query:
        return _verify_query(request, keys, moment)
    return _verify_headers(request, keys, moment)


class _Exactly:
    """Mixed into botocore's signers: signs the headers that the client signed, no more and no less."""

    signed: tuple[str, ...] = ()

    def headers_to_sign(self, request: Any) -> Any:
        headers = HTTPMessage()
        for name in self.signed:
            headers[name] = request.headers.get(name, "")
        return headers


class _Signer(_Exactly, botocore.auth.SigV4Auth):
    """For every service but S3."""


class _S3Signer(_Exactly, botocore.auth.S3SigV4Auth):
    """S3 signs the path as it is."""


def _verify_headers(request: SignedRequest, keys: KeyStore, now: datetime) -> KeyPair:
    parts = _HEADER.match(request.headers.get("authorization", ""))
    if parts is None:
        raise SignatureRefused("Missing Authentication Token")
    timestamp = request.headers.get("x-amz-date", "")
    if abs(now - _moment(timestamp)) > SKEW:
        raise SignatureRefused(f"Signature expired: {timestamp} is not within 5 minutes of the server's time.")
    _check_payload(request)
    pair = keys.find(_scope(parts["credential"])["key"])
    expected = _expected(request, pair, parts["credential"], parts["headers"], timestamp, request.query)
    _compare(expected, parts["signature"])
    if pair.token != request.headers.get("x-amz-security-token"):
        raise SignatureRefused("The security token included in the request is invalid.")
    return pair


def _verify_query(request: SignedRequest, keys: KeyStore, now: datetime) -> KeyPair:
    query = {name: values[0] for name, values in parse_qs(request.query, keep_blank_values=True).items()}
    try:
        credential, timestamp = query["X-Amz-Credential"], query["X-Amz-Date"]
        headers, lifetime = query["X-Amz-SignedHeaders"], int(query["X-Amz-Expires"])
    except (KeyError, ValueError) as error:
        raise SignatureRefused(f"A presigned URL needs {error}") from error
    signed_at = _moment(timestamp)
    if now > signed_at + timedelta(seconds=lifetime) or signed_at > now + SKEW:
        raise SignatureRefused("Request has expired")
    pair = keys.find(_scope(credential)["key"])
    covered = "&".join(part for part in request.query.split("&") if not part.startswith("X-Amz-Signature="))
    _compare(_expected(request, pair, credential, headers, timestamp, covered), query["X-Amz-Signature"])
    if pair.token != query.get("X-Amz-Security-Token"):
        raise SignatureRefused("The security token included in the request is invalid.")
    return pair


def verify_form(fields: Mapping[str, str], keys: KeyStore, now: datetime | None = None) -> KeyPair:
    """The key that signed the policy of an S3 form upload, while the policy lasts. Raises SignatureRefused."""
    try:
        credential, policy, signature = fields["x-amz-credential"], fields["policy"], fields["x-amz-signature"]
        expiration = str(json.loads(base64.b64decode(policy))["expiration"])
    except (KeyError, ValueError, TypeError, binascii.Error) as error:
        raise SignatureRefused(f"A form upload needs a policy with its signature: {error}") from error
    pair = keys.find(_scope(credential)["key"])
    signer = _signer(pair, credential)
    request = botocore.awsrequest.AWSRequest()
    request.context["timestamp"] = fields.get("x-amz-date", "")
    _compare(signer.signature(policy, request), signature)
    if datetime.fromisoformat(expiration) < (now or datetime.now(UTC)):
        raise SignatureRefused("Invalid according to Policy: Policy expired.")
    return pair


def _expected(
    request: SignedRequest, pair: KeyPair, credential: str, headers: str, timestamp: str, query: str
) -> list[str]:
    """The signatures that are right: clients differ in whether a doubled slash is signed as one."""
    signer = _signer(pair, credential)
    signer.signed = tuple(headers.split(";"))
    answers = []
    for path in dict.fromkeys((request.path, re.sub("/{2,}", "/", request.path))):
        url = f"http://{request.headers.get('host', '')}{path}" + (f"?{query}" if query else "")
        aws_request = botocore.awsrequest.AWSRequest(request.method, url, dict(request.headers), request.body)
        aws_request.context["timestamp"] = timestamp
        if "X-Amz-Signature=" in request.query:
            aws_request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
        canonical = signer.canonical_request(aws_request)
        answers.append(signer.signature(signer.string_to_sign(aws_request, canonical), aws_request))
    return answers


def _signer(pair: KeyPair, credential: str) -> Any:
    scope = _scope(credential)
    credentials = botocore.credentials.Credentials(pair.access_key, pair.secret_key)
    kind: Any = _S3Signer if scope["service"] == "s3" else _Signer
    return kind(credentials, scope["service"], scope["region"])


def _check_payload(request: SignedRequest) -> None:
    declared = request.headers.get("x-amz-content-sha256")
    if declared and not _UNHASHED.fullmatch(declared):
        _compare(hashlib.sha256(request.body).hexdigest(), declared)


def _scope(credential: str) -> re.Match[str]:
    scope = _SCOPE.fullmatch(credential)
    if scope is None:
        raise SignatureRefused(
            f"Credential must look like <key>/<date>/<region>/<service>/aws4_request: {credential}"
        )
    return scope


def _moment(timestamp: str) -> datetime:
    try:
        return datetime.strptime(timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise SignatureRefused(f"The date must look like 20300102T030405Z: {timestamp!r}") from None


def _compare(expected: str | list[str], given: str) -> None:
    candidates = [expected] if isinstance(expected, str) else expected
    if not any(hmac.compare_digest(candidate, given) for candidate in candidates):
        raise SignatureRefused(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
