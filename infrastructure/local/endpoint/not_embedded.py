"""Says so when a call asks for a language service, or an operation of one, that the embedded AWS doesn't have.

moto has no Translate and no language models of Transcribe's. It would raise NotImplementedError, or, over HTTP, take
the call for one of S3's. Here the answer is status 501 and the code `NotEmbedded`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import moto.core.models as moto_core
from botocore import handlers, xform_name
from botocore.awsrequest import AWSResponse
from moto.core.botocore_stubber import MockRawResponse
from moto.transcribe.responses import TranscribeResponse

SERVICES = ("transcribe", "translate")
_CORE: Any = moto_core
_HANDLERS: Any = handlers
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def missing(service: str, operation: str) -> str | None:
    """Why a call by AWS's names can't be answered; None when it can, or isn't judged here."""
    if service not in SERVICES or (service == "transcribe" and hasattr(TranscribeResponse, xform_name(operation))):
        return None
    return f"the embedded AWS has no {service}:{operation}"


@cache
def install() -> None:
    """Judge the calls of this process's clients, of sessions made from now on."""
    for service in SERVICES:
        _HANDLERS.BUILTIN_HANDLERS.append((f"before-call.{service}", _refuse))


def _refuse(model: Any, params: dict[str, Any], **_: Any) -> Any:
    reason = missing(model.service_model.service_name, model.name)
    if reason is None or not _CORE.botocore_stubber.enabled:
        return None
    response: Any = AWSResponse
    metadata = {"HTTPStatusCode": 501, "HTTPHeaders": {}, "RetryAttempts": 0}
    parsed = {"Error": {"Code": "NotEmbedded", "Message": reason}, "ResponseMetadata": metadata}
    return response(params["url"], 501, {}, MockRawResponse(b"")), parsed


class NotEmbedded:
    """WSGI middleware: the same for clients in other processes."""

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        reason = missing(_signed_for(environ), environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2])
        if reason is None:
            return self._app(environ, start_response)
        body = json.dumps({"__type": "NotEmbedded", "message": reason}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
        start_response("501 Not Implemented", headers)
        return [body]


def _signed_for(environ: dict[str, Any]) -> str:
    """The service in the scope of a request's signature; empty without one."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) == 5 else ""
