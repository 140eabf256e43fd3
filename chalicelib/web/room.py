"""How every HTTP room declares its routes: a Chalice blueprint whose views say what they take and answer.

A view gets a checked `Request` and returns a JSON document, bare text, or an `Answer`. What it raises from
`web.errors` becomes an error body in the room's dialect. The declarations are what `web.openapi` reads.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Blueprint, CORSConfig, IAMAuthorizer, Response

from chalicelib.aws import invocation
from chalicelib.aws.settings import settings
from chalicelib.web import documents, forms
from chalicelib.web.dialect import OLD_ENGINE, Dialect
from chalicelib.web.errors import (
    BadRequestError,
    MediawrightError,
    TooLargeError,
    UnavailableError,
    UnsupportedMediaType,
)
from chalicelib.web.forms import File
from chalicelib.web.validation import schema, validate

MAX_BODY_BYTES = 6_291_456
JSON = "application/json"
CORS = CORSConfig(
    allow_origin="*", allow_headers=["Idempotency-Key"], expose_headers=["Link", "Location", "Retry-After"]
)
_LOG = logging.getLogger("mediawright.web")
_IAM = IAMAuthorizer()
_OF_A_RUN = "/workflow/execution/{id}"


@dataclass(frozen=True)
class Request:
    """What a view needs of a request. `body` is parsed, checked and None where the route takes none; `files` are
    those of a form; `user` is who the route's guard found, `source` the address that it was sent from."""

    path: dict[str, str]
    query: dict[str, str]
    body: Any
    raw_body: bytes
    headers: dict[str, str]
    request_id: str
    dry_run: bool
    url: str
    caller: str
    files: tuple[File, ...] = ()
    user: Any = None
    source: str = ""


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
    that an answer too large for one call is fetched elsewhere. `content` are the kinds of body that it takes: a form
    is read as the document that its schema describes, `files` names the form's fields that are files. `guard` tells
    who asks by the headers of a request that isn't signed, before anything else of it is looked at."""

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
    content: tuple[str, ...] = (JSON,)
    files: tuple[str, ...] = ()
    guard: Callable[[Mapping[str, str]], Any] | None = None
    status: int = 200
    dialect: Dialect = OLD_ENGINE


ENDPOINTS: list[Endpoint] = []
"""Every declared route, in the order of declaration."""


class Room(Blueprint):
    """A blueprint whose routes are declared with `endpoint`; all its errors are told in one dialect."""

    def __init__(self, import_name: str, dialect: Dialect = OLD_ENGINE) -> None:
        super().__init__(import_name)
        self._dialect = dialect

    def endpoint(self, method: str, path: str, **promises: Any) -> Callable[[View], View]:
        """Register a view for a method and path; the keywords are Endpoint's."""
        declared = Endpoint(method, path, dialect=self._dialect, **promises)
        ENDPOINTS.append(declared)

        def register(view: View) -> View:
            options = _options(declared)
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
                if "cors" in options:
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


def _options(declared: Endpoint) -> dict[str, Any]:
    if declared.signed:
        return {"authorizer": _IAM, "cors": CORS}
    if declared.dialect is OLD_ENGINE:
        return {}
    # whatever is wrong with the kind of a body is told in the room's own words, not in Chalice's
    return {"cors": CORS, "content_types": ["*/*"]}


def _answer(declared: Endpoint, view: View, chalice_request: Any, path: dict[str, str]) -> Response:
    request_id = str(chalice_request.context.get("requestId", ""))
    try:
        return _response(view(_request(declared, chalice_request, path, request_id)))
    except MediawrightError as error:
        return _refusal(declared, error, request_id)
    except Exception as error:
        if not _is_throttling(error):
            # the outermost edge: whatever it was, the sender gets an id to quote and no traceback
            _LOG.exception("request %s failed", json.dumps(request_id))
            return _refusal(declared, MediawrightError("An internal server error occurred."), request_id)
        return _refusal(declared, UnavailableError("AWS is throttling this request; try again later"), request_id)


def _request(declared: Endpoint, given: Any, path: dict[str, str], request_id: str) -> Request:
    from urllib.parse import unquote

    headers = {name.lower(): value for name, value in given.headers.items()}
    user = declared.guard(headers) if declared.guard else None
    query = dict(given.query_params or {})
    raw: bytes = given.raw_body or b""
    if len(raw) > MAX_BODY_BYTES:
        raise TooLargeError(f"The body has {len(raw)} bytes; a request may have {MAX_BODY_BYTES}")
    body, files = _body(declared, headers.get("content-type", JSON), raw)
    dry_run = _flag(query, "dryRun")
    if dry_run and not declared.dry_run:
        raise BadRequestError("dryRun: this route has no dry run")
    return Request(
        path={name: unquote(value) for name, value in path.items()},
        query=query,
        body=body,
        raw_body=raw,
        headers=headers,
        request_id=request_id,
        dry_run=dry_run,
        url=str(given.context.get("path") or given.path),
        caller=str((given.context.get("identity") or {}).get("userArn") or "anonymous"),
        files=files,
        user=user,
        source=str((given.context.get("identity") or {}).get("sourceIp") or ""),
    )


def _body(declared: Endpoint, content_type: str, raw: bytes) -> tuple[Any, tuple[File, ...]]:
    if declared.request is None:
        return None, ()
    kind = content_type.split(";")[0].strip().lower()
    if kind not in declared.content:
        taken = " or ".join(declared.content)
        raise UnsupportedMediaType(f"Unsupported media type: {documents.compact(kind)}; send {taken}")
    if not declared.parse:
        return None, ()
    body, files = _parsed(declared, kind, content_type, raw)
    validate(declared.request, body)
    return body, files


def _parsed(declared: Endpoint, kind: str, content_type: str, raw: bytes) -> tuple[Any, tuple[File, ...]]:
    if kind == JSON:
        return ({} if declared.body_optional and not raw else documents.parse(raw)), ()
    form = forms.parse(content_type, raw)
    return forms.document(form, schema(str(declared.request)), declared.files), form.files


def _flag(query: dict[str, str], name: str) -> bool:
    value = query.get(name, "false")
    if value not in ("true", "false"):
        raise BadRequestError(f"{name}: only true and false are allowed")
    return value == "true"


def _response(result: Any) -> Response:
    answer = result if isinstance(result, Answer) else Answer(result)
    if answer.body is None and answer.status == 204:
        return Response("", dict(answer.headers), answer.status)
    if isinstance(answer.body, str):
        return Response(answer.body, _headers("text/plain; charset=utf-8", answer.headers), answer.status)
    return Response(documents.compact(answer.body), _headers(JSON, answer.headers), answer.status)


def _headers(content_type: str, others: dict[str, str]) -> dict[str, str | list[str]]:
    return {"Content-Type": content_type, **others}


def _refusal(declared: Endpoint, error: MediawrightError, request_id: str) -> Response:
    status, body = declared.dialect.told(error, request_id)
    return Response(documents.compact(body), _headers(JSON, error.headers), status)


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
