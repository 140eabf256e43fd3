"""How every HTTP room declares its routes: a Chalice blueprint whose views say what they take and answer.

A view gets a checked `Request` and returns a JSON document, bare text, or an `Answer`. What it raises from
`web.errors` becomes the old engine's error body. The declarations are what `web.openapi` reads.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Blueprint, CORSConfig, IAMAuthorizer, Response

from chalicelib.aws import invocation
from chalicelib.aws.settings import settings
from chalicelib.web import documents
from chalicelib.web.errors import (
    BadRequestError,
    MediawrightError,
    TooLargeError,
    UnavailableError,
    UnsupportedMediaType,
)
from chalicelib.web.validation import validate

MAX_BODY_BYTES = 6_291_456
CORS = CORSConfig(allow_origin="*")
_LOG = logging.getLogger("mediawright.web")
_IAM = IAMAuthorizer()
_OF_A_RUN = "/workflow/execution/{id}"


@dataclass(frozen=True)
class Request:
    """What a view needs of a request. `body` is parsed, checked and None where the route takes none."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any
    raw_body: bytes
    headers: dict[str, str]
    request_id: str
    dry_run: bool
    url: str
    caller: str


@dataclass(frozen=True)
class Answer:
    """A result that needs headers or another status than 200."""

    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200


View = Callable[[Request], Any]


@dataclass(frozen=True)
class Endpoint:
    """What a route promises; `request` and `response` name schemas such as `definitions/operation`. `see_other` says
    that an answer too large for one call is fetched elsewhere."""

    method: str
    path: str
    summary: str
    response: str
    request: str | None = None
    errors: tuple[int, ...] = ()
    query: dict[str, dict[str, Any]] = field(default_factory=dict)
    example: Any = None
    answer_example: Any = None
    signed: bool = True
    dry_run: bool = False
    idempotent: bool = False
    body_optional: bool = False
    text: bool = False
    media_type: str | None = None
    parse: bool = True
    see_other: bool = False


ENDPOINTS: list[Endpoint] = []
"""Every declared route, in the order of declaration."""


class Room(Blueprint):
    """A blueprint whose routes are declared with `endpoint`."""

    def endpoint(self, method: str, path: str, **promises: Any) -> Callable[[View], View]:
        """Register a view for a method and path; the keywords are Endpoint's."""
        declared = Endpoint(method, path, **promises)
        ENDPOINTS.append(declared)

        def register(view: View) -> View:
            options: dict[str, Any] = {"authorizer": _IAM, "cors": CORS} if declared.signed else {}
            name = f"{view.__module__.split('.')[-2]}_{view.__name__}"

            def chalice_view(**path_parameters: str) -> Response:
                request = self.current_request
                run_id = path_parameters.get("id") if path.startswith(_OF_A_RUN) else None
                with invocation.part(
                    f"{method} {path}",
                    run_id,
                    request_id=request.context.get("requestId"),
                    function=getattr(self.lambda_context, "function_name", None),
                    route=f"{method} {path}",
                ):
                    response = _answer(declared, view, request, path_parameters)
                if declared.signed:
                    response.headers.update(_origin(request.headers.get("origin")))
                return response

            chalice_view.__name__ = name
            self.route(path, methods=[method], name=name, **options)(chalice_view)
            return view

        return register


def _origin(asked: str | None) -> dict[str, str | list[str]]:
    """Which page's scripts may read an answer: the one that asks when it is among the allowed, or none.

    Without this, Chalice says that all may.
    """
    allowed = settings().cors_allowed_origins
    if "*" in allowed:
        return {}
    return {"Access-Control-Allow-Origin": asked if asked in allowed else allowed[0], "Vary": "Origin"}


def _answer(declared: Endpoint, view: View, chalice_request: Any, path: dict[str, str]) -> Response:
    request_id = str(chalice_request.context.get("requestId", ""))
    try:
        return _response(view(_request(declared, chalice_request, path, request_id)))
    except MediawrightError as error:
        return _refusal(error, request_id)
    except Exception as error:
        if not _is_throttling(error):
            # the outermost edge: whatever it was, the sender gets an id to quote and no traceback
            _LOG.exception("request %s failed", json.dumps(request_id))
            return _error(500, "InternalServerError", "An internal server error occurred.", request_id, {})
        return _refusal(UnavailableError("AWS is throttling this request; try again later"), request_id)


def _request(declared: Endpoint, given: Any, path: dict[str, str], request_id: str) -> Request:
    from urllib.parse import unquote

    query = dict(given.query_params or {})
    raw: bytes = given.raw_body or b""
    if len(raw) > MAX_BODY_BYTES:
        raise TooLargeError(f"The body has {len(raw)} bytes; a request may have {MAX_BODY_BYTES}")
    body = _body(declared, given, raw)
    dry_run = _flag(query, "dryRun")
    if dry_run and not declared.dry_run:
        raise BadRequestError("dryRun: this route has no dry run")
    return Request(
        path={name: unquote(value) for name, value in path.items()},
        query=query,
        body=body,
        raw_body=raw,
        headers={name.lower(): value for name, value in given.headers.items()},
        request_id=request_id,
        dry_run=dry_run,
        url=str(given.context.get("path") or given.path),
        caller=str((given.context.get("identity") or {}).get("userArn") or "anonymous"),
    )


def _body(declared: Endpoint, given: Any, raw: bytes) -> Any:
    if declared.request is None:
        return None
    kind = given.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMediaType(f"Unsupported media type: {documents.compact(kind)}; send application/json")
    if not declared.parse:
        return None
    body = {} if declared.body_optional and not raw else documents.parse(raw)
    validate(declared.request, body)
    return body


def _flag(query: dict[str, str], name: str) -> bool:
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise BadRequestError(f"{name}: only true and false are allowed")
    return value == "true"


def _response(result: Any) -> Response:
    answer = result if isinstance(result, Answer) else Answer(result)
    if isinstance(answer.body, str):
        return Response(answer.body, _headers("text/plain; charset=utf-8", answer.headers), answer.status)
    return Response(documents.compact(answer.body), _headers("application/json", answer.headers), answer.status)


def _headers(content_type: str, others: dict[str, str]) -> dict[str, str | list[str]]:
    return {"Content-Type": content_type, **others}


def _refusal(error: MediawrightError, request_id: str) -> Response:
    return _error(error.status, error.code, str(error), request_id, error.headers)


def _error(status: int, code: str, message: str, request_id: str, headers: dict[str, str]) -> Response:
    body = {"Code": code, "Message": message, "RequestId": request_id}
    return Response(documents.compact(body), _headers("application/json", headers), status)


def _is_throttling(error: Exception) -> bool:
    from chalicelib.aws.dynamodb import Throttled
    from chalicelib.aws.objects import DeletionIncomplete
    from chalicelib.aws.transaction import StillContended

    codes = (
        "ThrottlingException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "TransactionInProgressException",
    )
    response = getattr(error, "response", None)
    return isinstance(error, (StillContended, Throttled, DeletionIncomplete)) or (
        isinstance(response, dict) and response.get("Error", {}).get("Code") in codes
    )
