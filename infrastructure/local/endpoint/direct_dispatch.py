"""A short way from boto3 clients of this process to moto's backends of JSON and query services.

A call goes from botocore's serialised body straight to the service's response class: no signature, no HTTP request,
no search for the service, no recorder, no retries. It is answered in botocore's `before-call` event, registered last:
other handlers of `before-call` still see the call first and may answer in our place; `before-send` ones don't see it.
Without moto's mock, or at another endpoint than AWS's own, a call goes its usual way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

from botocore import handlers, parsers, useragent
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.response import StreamingBody
from moto.backends import get_backend
from moto.core.botocore_stubber import MockRawResponse
from moto.core.exceptions import JsonRESTError
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.request import Request
from moto.dynamodb.models import dynamodb_backends
from werkzeug.exceptions import HTTPException

from infrastructure.local.dynamodb import data_plane
from infrastructure.local.dynamodb.errors import DynamoError

Answer = tuple[Any, dict[str, Any]]
"""What `before-call` hands back: the HTTP response and the parsed one."""

_PROTOCOLS = ("json", "rest-json", "query")
_services: set[str] = set()
_routes: dict[str, list[tuple[re.Pattern[str], Callable[..., Any]]]] = {}
_backends: Any = get_backend
_parsers: Any = parsers
_HeadersDict: Any = HeadersDict


def install(services: Iterable[str]) -> None:
    """Answer these services' calls directly (boto3's names; JSON and query protocols); for sessions made from now on.

    Idempotent; services add up.
    """
    builtin: Any = handlers.BUILTIN_HANDLERS
    if not _services:
        builtin.append(("before-call", _answer, handlers.REGISTER_LAST))
        # a pure function that botocore calls fifty times a request: a fifth of what is left of a call
        agent: Any = useragent
        agent.sanitize_user_agent_string_component = lru_cache(agent.sanitize_user_agent_string_component)
    _services.update(services)


def attach(client: Any) -> None:
    """Give the short way to a client whose session is older than `install`."""
    client.meta.events.register_last("before-call", _answer, unique_id="direct-dispatch")


def detach(client: Any) -> None:
    """Send a client's calls the usual way again."""
    client.meta.events.unregister("before-call", _answer)


def _answer(model: Any, params: dict[str, Any], context: dict[str, Any], **_: Any) -> Answer | None:
    service: str = model.service_model.service_name
    if service not in _services or not botocore_stubber.enabled or not _is_aws(params["url"]):
        return None
    if service == "dynamodb" and model.name in data_plane.OPERATIONS:
        return _item_operation(model.name, params, context["client_region"])
    if model.service_model.protocol not in _PROTOCOLS or isinstance(params["body"], BytesIO):
        return None
    route = _route(service, params["url"])
    return None if route is None else _call(route, model, params)


def _is_aws(url: str) -> bool:
    return urlsplit(url).netloc.endswith(".amazonaws.com")


def _item_operation(name: str, params: dict[str, Any], region: str) -> Answer:
    """The data plane speaks wire forms already: neither JSON nor a parser is needed on the way back."""
    try:
        answer = data_plane.perform(dynamodb_backends[DEFAULT_ACCOUNT_ID][region], name, json.loads(params["body"]))
    except JsonRESTError as error:
        body = error.body() if isinstance(error, DynamoError) else {"message": error.message}
        shown = {"Message": error.message, "Code": error.relative_error_type}
        return _http(params, 400), {"Error": shown, **body, **_metadata(400)}
    return _http(params, 200), {**answer, **_metadata(200)}


def _metadata(status: int) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}}


def _http(params: dict[str, Any], status: int) -> Any:
    response: Any = AWSResponse
    return response(params["url"], status, {}, MockRawResponse(b""))


def _route(service: str, url: str) -> Callable[..., Any] | None:
    if service not in _routes:
        backends = _backends(service)[DEFAULT_ACCOUNT_ID]
        backend = backends["us-east-1"]
        _routes[service] = [(re.compile(pattern), method) for pattern, method in backend.urls.items()]
    plain = url.partition("?")[0]
    return next((method for pattern, method in _routes[service] if pattern.match(plain)), None)


def _call(route: Callable[..., Any], model: Any, params: dict[str, Any]) -> Answer:
    body = params["body"]
    if isinstance(body, dict):  # the query protocol's form, which botocore encodes only for a real request
        body = urlencode(body, doseq=True).encode()
    request = Request.from_primitives(params["method"], params["url"], params["headers"], body)
    try:
        status, headers, answer = route(request, request.raw_url, request.headers)
    except HTTPException as error:
        status, headers, answer = error.code, dict(error.get_headers()), error.get_body()
    content = answer.encode("utf-8") if isinstance(answer, str) else answer
    return _http(params, status), _parsed(model, status, headers, content)


def _parsed(model: Any, status: int, headers: dict[str, Any], content: bytes) -> dict[str, Any]:
    """What botocore makes of an HTTP answer, the errors' own members included."""
    parser = _parsers.create_parser(model.service_model.protocol)
    # a header is asked for by the spelling of its shape, such as X-Amz-Function-Error
    known = _HeadersDict({str(name): str(value) for name, value in headers.items()})
    answer: dict[str, Any] = {"status_code": status, "headers": known, "body": content, "context": {}}
    if status < 300 and model.has_streaming_output:
        answer["body"] = StreamingBody(BytesIO(content), len(content))
    parsed: dict[str, Any] = parser.parse(answer, model.output_shape)
    parsed["ResponseMetadata"].setdefault("RetryAttempts", 0)
    if status >= 300:
        shape = model.service_model.shape_for_error_code(parsed.get("Error", {}).get("Code"))
        if shape is not None:
            parsed.update(parser.parse(answer, shape))
    return parsed
