"""moto's Lambda service with the parts replaced that need Docker or fall short of AWS."""

from __future__ import annotations

import base64
import json
import re
import threading
from typing import Any
from urllib.parse import unquote

import moto.awslambda.exceptions as moto_exceptions
import moto.awslambda.models as moto_models
import moto.awslambda.responses as moto_responses

from infrastructure.local.lambdas import errors
from infrastructure.local.lambdas.code import is_archive, placeholder
from infrastructure.local.lambdas.functions import Functions

_FUNCTION: Any = moto_models.LambdaFunction
_BACKEND: Any = moto_models.LambdaBackend
_RESPONSE: Any = moto_responses.LambdaResponse
_CLIENT_ERROR: Any = moto_exceptions.LambdaClientError
_INVALID: Any = moto_exceptions.InvalidParameterValueException
_UNKNOWN: Any = moto_exceptions.UnknownFunctionException

ENVIRONMENT_BYTES = 4096
_RUNTIME = re.compile(r"python3\.\d+")
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_current: Functions | None = None


class _RequestTooLarge(_CLIENT_ERROR):  # type: ignore[misc]  # moto is untyped
    code = 413


def install(functions: Functions | None = None) -> Functions:
    """Make moto's Lambda run functions by `functions`, or by those installed before, or by new ones.

    When they are stopped moto is as before, until others are installed.
    """
    chosen = functions or _current or Functions()
    _patch(chosen)
    chosen.at_stop(_release)
    return chosen


def _patch(functions: Functions) -> None:
    global _current
    with _LOCK:
        _current = functions
        if _ORIGINAL:
            return
        for owner, name, replacement in (
            (_FUNCTION, "invoke", _invoke),
            (_FUNCTION, "update_configuration", _update_configuration),
            (_FUNCTION, "update_function_code", _update_function_code),
            (_FUNCTION, "_get_layers_data", _get_layers_data),
            (_FUNCTION, "update_from_cloudformation_json", classmethod(_update_from_template)),
            (_BACKEND, "create_function", _create_function),
            (_BACKEND, "delete_function", _delete_function),
            (_RESPONSE, "invoke", _respond_to_invoke),
        ):
            _ORIGINAL[name if owner is not _RESPONSE else "respond"] = getattr(owner, name)
            setattr(owner, name, replacement)


def _release(functions: Functions) -> None:
    global _current
    with _LOCK:
        if _current is functions:
            _current = None


def _invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> Any:
    """For moto's own callers: topics, queues, log subscriptions."""
    if _current is None:
        return _ORIGINAL["invoke"](self, body, request_headers, response_headers)
    payload = body.encode() if isinstance(body, str) else body or b"{}"
    answer = _current.invoke(self.function_arn, payload)
    if answer.error:
        response_headers["x-amz-function-error"] = answer.error
    return answer.payload


def _respond_to_invoke(self: Any) -> Any:
    """The Invoke operation over HTTP."""
    if _current is None:
        return _ORIGINAL["respond"](self)
    name = unquote(self.path.rsplit("/", 2)[-2])
    qualifier = self.querystring.get("Qualifier", [None])[0]
    target = f"{name}:{qualifier}" if qualifier else name
    if not _current.exists(target):
        raise _UNKNOWN(target)
    payload = self.body.encode() if isinstance(self.body, str) else self.body
    kind = self.headers.get("X-Amz-Invocation-Type") or "RequestResponse"
    _check_payload(payload, kind)
    if kind == "DryRun":
        return 204, {"status": 204}, ""
    if kind == "Event":
        _current.invoke_async(target, payload)
        return 202, {"status": 202}, ""
    answer = _current.invoke(target, payload)
    headers: dict[str, Any] = {"content-type": "application/json", "x-amz-executed-version": qualifier or "$LATEST"}
    if answer.error:
        headers["x-amz-function-error"] = answer.error
    if self.headers.get("X-Amz-Log-Type") == "Tail":
        headers["x-amz-log-result"] = base64.b64encode(answer.log_tail.encode()).decode()
    return 200, headers, answer.payload


def _check_payload(payload: bytes, kind: str) -> None:
    limit = errors.EVENT_PAYLOAD_LIMIT if kind == "Event" else errors.PAYLOAD_LIMIT
    if len(payload) > limit:
        raise _RequestTooLarge("RequestTooLargeException", errors.request_too_large(len(payload), limit))
    try:
        json.loads(payload or b"{}")
    except ValueError as error:
        raise _CLIENT_ERROR(
            "InvalidRequestContentException", f"Could not parse request body into json: {error}"
        ) from error


def _create_function(self: Any, spec: dict[str, Any]) -> Any:
    if _current is None:
        return _ORIGINAL["create_function"](self, spec)
    image = spec.get("PackageType") == "Image"
    if not image:
        _check_runtime(spec.get("Runtime"), spec.get("Handler"))
    _check_environment(spec.get("Environment"))
    if _current.registered(spec.get("FunctionName", "")):
        code = {"ZipFile": base64.b64encode(placeholder()).decode()}
        spec = {**spec, "Code": code, "PackageType": "Zip"}
    try:
        created = _ORIGINAL["create_function"](self, spec)
    except ValueError as error:  # how moto says that the bucket or the object is missing
        raise _INVALID(str(error.args[-1])) from error
    if not image and not is_archive(created.code_bytes):
        _ORIGINAL["delete_function"](self, created.function_name)
        raise _INVALID("Could not unzip uploaded file. Please check your file, then try to upload again.")
    return created


def _check_runtime(runtime: str | None, handler: str | None) -> None:
    if not runtime or not handler:
        raise _INVALID("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    if not _RUNTIME.fullmatch(runtime):
        raise _INVALID(f"The embedded AWS runs Python functions only: Runtime {runtime!r} is not python3.*")


def _check_environment(environment: dict[str, Any] | None) -> None:
    variables = (environment or {}).get("Variables") or {}
    reserved = sorted(_RESERVED & variables.keys())
    if reserved:
        raise _INVALID(f"Environment variables with reserved names can't be set: {', '.join(reserved)}")
    size = sum(len(str(key).encode()) + len(str(value).encode()) for key, value in variables.items())
    if size > ENVIRONMENT_BYTES:
        raise _INVALID(f"The environment variables exceed the 4KB limit: {size} bytes")


def _update_configuration(self: Any, config_updates: dict[str, Any]) -> Any:
    if _current is not None:
        if config_updates.get("Runtime"):
            _check_runtime(config_updates["Runtime"], self.handler)
        _check_environment(config_updates.get("Environment"))
        if "Environment" in config_updates and "Variables" not in config_updates["Environment"]:
            config_updates = {**config_updates, "Environment": {"Variables": {}}}
    answer = _ORIGINAL["update_configuration"](self, config_updates)
    _renew(self)
    return answer


def _update_function_code(self: Any, updated_spec: dict[str, Any]) -> Any:
    if _current is not None and _current.registered(self.function_name):
        return self.get_configuration()
    if _current is not None and "ZipFile" in updated_spec and not _is_encoded_archive(updated_spec["ZipFile"]):
        raise _INVALID("Could not unzip uploaded file. Please check your file, then try to upload again.")
    answer = _ORIGINAL["update_function_code"](self, updated_spec)
    _renew(self)
    return answer


def _update_from_template(cls: Any, /, *, cloudformation_json: dict[str, Any], **arguments: Any) -> Any:
    """Inline code is plain text in a template; moto packs it at creation only."""
    properties = cloudformation_json["Properties"]
    text = properties.get("Code", {}).get("ZipFile")
    if _current is not None and text:
        packed = base64.b64encode(cls._create_zipfile_from_plaintext_code(text)).decode()
        cloudformation_json = {**cloudformation_json, "Properties": {**properties, "Code": {"ZipFile": packed}}}
    return _ORIGINAL["update_from_cloudformation_json"](cloudformation_json=cloudformation_json, **arguments)


def _is_encoded_archive(encoded: str | bytes) -> bool:
    try:
        return is_archive(base64.b64decode(encoded))
    except ValueError:
        return False


def _get_layers_data(self: Any, layers_versions_arns: list[str]) -> Any:
    """Layers of other accounts are unknown here; their code is what the `layers` folders give."""
    if _current is None:
        return _ORIGINAL["_get_layers_data"](self, layers_versions_arns)
    return [{"Arn": arn, "CodeSize": 0} for arn in layers_versions_arns]


def _renew(function: Any) -> None:
    if _current is not None:
        _current.workers.renew(function.function_name)


def _delete_function(self: Any, function_name: str, qualifier: str | None = None) -> None:
    _ORIGINAL["delete_function"](self, function_name, qualifier)
    if _current is not None:
        _current.forget(function_name.rpartition("function:")[2].partition(":")[0])
