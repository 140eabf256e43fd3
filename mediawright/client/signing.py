"""Signature Version 4 for httpx, with the credentials that botocore finds."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from ipaddress import ip_address
from typing import Any, Protocol

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mediawright.errors import NotConfigured

LOCAL_CREDENTIALS = Credentials("test", "test")
"""What a local endpoint takes from callers who have none of their own."""

DEFAULT_REGION = "us-east-1"

_EXECUTE_API_HOST = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.")
_SERVICE = "execute-api"


class CredentialSource(Protocol):
    """A botocore or boto3 session."""

    def get_credentials(self) -> Any:
        """Return credentials, or None."""


class SigV4(httpx.Auth):
    """Signs every request anew, with its body. The credentials may refresh themselves between requests."""

    requires_request_body = True

    def __init__(self, credentials: Any, region: str) -> None:
        self.credentials = credentials
        self.region = region

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        signed = AWSRequest(request.method, str(request.url), data=request.content)
        if "content-type" in request.headers:
            signed.headers["Content-Type"] = request.headers["content-type"]
        SigV4Auth(self.credentials.get_frozen_credentials(), _SERVICE, self.region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


def is_local(endpoint: str) -> bool:
    """Tell whether an endpoint is on this machine."""
    host = httpx.URL(endpoint).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def find_credentials(endpoint: str, session: CredentialSource | None, profile: str | None = None) -> Any:
    """Return the credentials to sign with.

    Raises NotConfigured when there are none and the endpoint isn't on this machine.
    """
    source = session or _session(profile, local=is_local(endpoint))
    credentials = source.get_credentials()
    if credentials is None and is_local(endpoint):
        return LOCAL_CREDENTIALS
    if credentials is None:
        raise NotConfigured("no AWS credentials found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret")
    return credentials


def find_region(endpoint: str) -> str:
    """Return the region that an endpoint's name or the environment tells."""
    told = _EXECUTE_API_HOST.search(httpx.URL(endpoint).host + ".")
    if told:
        return told[1]
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


def _session(profile: str | None, *, local: bool) -> CredentialSource:
    from botocore.exceptions import ProfileNotFound
    from botocore.session import Session

    session = Session(profile=profile)
    try:
        if local:
            # the instance metadata service answers nobody on a laptop, slowly
            session.get_component("credential_provider").remove("iam-role")
    except ProfileNotFound as error:
        raise NotConfigured(str(error)) from None
    source: CredentialSource = session
    return source
