"""Requests to the API: signed, retried where that is harmless; refusals are raised, lists followed page by page."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from mediawright.client.signing import CredentialSource, SigV4, find_credentials, find_region, is_local
from mediawright.errors import ApiError, ConnectionFailed, InvalidArgument, NotConfigured

DEFAULT_ENDPOINT = "http://127.0.0.1:8000/api/"
"""Where `make up` serves the API."""

Definition = Mapping[str, Any]
"""The body of a request that makes or changes something, as the API documents it."""

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
_PASSING_STATUSES = (429, 503)


class Transport:
    """One endpoint, one set of credentials, one pool of connections."""

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        *,
        region: str | None = None,
        credentials: Any = None,
        session: CredentialSource | None = None,
        profile: str | None = None,
        timeout: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open an endpoint.

        `credentials` are botocore's; without them `session` or `profile`, and then the environment, tell them.
        `timeout` is in seconds, for connecting and for each read. `transport` and `sleep` are for tests.
        """
        self.endpoint = _checked(endpoint)
        self._sleep = sleep
        credentials = credentials or find_credentials(self.endpoint, session, profile)
        signer = SigV4(credentials, region or find_region(self.endpoint))
        # a proxy for the outside world knows nothing of this machine
        proxies = not is_local(self.endpoint)
        self._http = httpx.Client(auth=signer, timeout=timeout, transport=transport, trust_env=proxies)
        # media go to S3 by presigned URLs, which our signature would spoil; S3 may take its time
        patient = httpx.Timeout(timeout, write=300.0, read=300.0)
        self._bare_http = httpx.Client(timeout=patient, transport=transport, trust_env=proxies)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._bare_http.close()

    def request(
        self,
        method: str,
        path: tuple[str, ...] = (),
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request and return the answer's document, or its text when it isn't JSON.

        `path` are the segments, unquoted. Raises ApiError, ConnectionFailed and InvalidArgument.
        """
        return _document(self._send(method, self._url(path), query, body, headers))

    def listed(
        self, path: tuple[str, ...], query: Mapping[str, str] | None = None, member: str | None = None
    ) -> Iterator[Any]:
        """Yield the entries of a list, page after page as they are asked for."""
        url, wanted = self._url(path), query
        while True:
            answer = self._send("GET", url, wanted)
            page = _document(answer)
            yield from page[member] if member else page
            following = answer.links.get("next", {}).get("url")
            if not following:
                return
            url, wanted = self._followed(answer.url, following), None

    def _url(self, path: tuple[str, ...]) -> httpx.URL:
        for segment in path:
            if segment in ("", ".", ".."):
                # it would be another route's path
                raise InvalidArgument(f"{segment!r} is no name or id")
        return httpx.URL(self.endpoint + "/".join(quote(segment, safe="") for segment in path))

    def _followed(self, url: httpx.URL, link: str) -> httpx.URL:
        following = url.join(link)
        if (following.scheme, following.netloc) != (url.scheme, url.netloc):
            raise ConnectionFailed(f"the list at {url} goes on at another host, {following.host}: not followed")
        return following

    def _send(
        self,
        method: str,
        url: httpx.URL,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        request = self._http.build_request(
            method,
            url,
            params=dict(query) if query else None,
            content=None if body is None else json.dumps(body, allow_nan=False),
            headers={"Accept": "application/json", "Content-Type": "application/json", **(headers or {})},
        )
        answer = self._attempted(request, _ATTEMPTS if method == "GET" else 1)
        if answer.status_code == httpx.codes.SEE_OTHER:
            answer = self._elsewhere(answer.headers["location"])
        if answer.status_code >= 400:
            raise api_error(answer)
        return answer

    def _elsewhere(self, url: str) -> httpx.Response:
        """What was too large for an answer lies in S3, under a presigned URL."""
        try:
            return self._bare_http.get(url)
        except httpx.TransportError as error:
            # a presigned URL is a secret: only its host is told
            raise ConnectionFailed(f"no answer from {httpx.URL(url).host}: {type(error).__name__}") from error

    def _attempted(self, request: httpx.Request, attempts: int) -> httpx.Response:
        for attempt in range(attempts):
            last = attempt == attempts - 1
            asked = 0.0
            try:
                answer = self._http.send(request)
                if last or answer.status_code not in _PASSING_STATUSES:
                    return answer
                asked = _retry_after(answer)
            except httpx.TransportError as error:
                if last:
                    raise self._unreachable(error) from error
            pause = random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311
            self._sleep(min(max(asked, pause), _LONGEST_PAUSE_SECONDS))
        raise InvalidArgument("at least one attempt is needed")

    def _unreachable(self, error: httpx.TransportError) -> ConnectionFailed:
        advice = "; is it running? (make up)" if is_local(self.endpoint) else ""
        if isinstance(error, httpx.TimeoutException):
            return ConnectionFailed(f"no answer from {self.endpoint} in time{advice}")
        return ConnectionFailed(f"cannot reach {self.endpoint}: {str(error) or type(error).__name__}{advice}")


def api_error(answer: httpx.Response) -> ApiError:
    """Return the refusal that an answer of the API, of API Gateway or of S3 stands for."""
    document = _document(answer)
    told = document if isinstance(document, dict) else {}
    message = told.get("Message") or told.get("message") or str(document)[:500] or answer.reason_phrase
    code = told.get("Code") or answer.headers.get("x-amzn-errortype", "").partition(":")[0] or answer.reason_phrase
    request_id = told.get("RequestId") or answer.headers.get("x-amzn-requestid", "")
    return ApiError(answer.status_code, str(code), str(message), str(request_id))


def dry(dry_run: bool) -> dict[str, str]:
    """Return the query of a request that is only to be checked."""
    return {"dryRun": "true"} if dry_run else {}


def paged(limit: int | None) -> dict[str, str]:
    """Return the query that says how many entries a page has."""
    return {} if limit is None else {"limit": str(limit)}


def keyed(idempotency_key: str | None) -> dict[str, str] | None:
    """Return the header of a request that makes nothing new when it is sent again."""
    return {"Idempotency-Key": idempotency_key} if idempotency_key is not None else None


def given(**members: Any) -> dict[str, Any]:
    """Return the members of a body that were given: those that aren't None."""
    return {name: value for name, value in members.items() if value is not None}


def _document(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _retry_after(answer: httpx.Response) -> float:
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() else 0.0


def _checked(endpoint: str) -> str:
    try:
        url = httpx.URL(endpoint)
    except httpx.InvalidURL as error:
        raise NotConfigured(f"{endpoint!r} is no endpoint: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise NotConfigured(f"{endpoint!r} is no endpoint: http://host:port/api/ or https://... is expected")
    return str(url).rstrip("/") + "/"
