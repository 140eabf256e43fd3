"""Tasks that invoke a Lambda function: a direct call instead of a client and HTTP."""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_lambda

from infrastructure.local.iam import guard
from infrastructure.local.iam.actions import compute
from infrastructure.local.iam.actions.place import Place
from infrastructure.local.invocation import Invocation, Invoke
from infrastructure.local.states.values import Shared, loads

MAX_CAUSE = 32_768
"""Characters of a failure's cause; AWS cuts off the rest."""

MAX_ERROR = 256
"""Characters of an error's name."""

_Api: Any = lambda_eval_utils
_LambdaTask: Any = state_task_service_lambda.StateTaskServiceLambda
_CustomErrorName: Any = CustomErrorName
_ErrorName: Any = ErrorName
_invoke: list[Invoke] = []


def error_type(payload: bytes) -> str:
    """The error's name in a failed function's answer; what has none gets AWS's name for it."""
    try:
        answer = json.loads(payload)
    except ValueError:
        return "Lambda.Unknown"
    facts = answer if isinstance(answer, dict) else {}
    if isinstance(facts.get("errorType"), str):
        return str(facts["errorType"])[:MAX_ERROR]
    message = str(facts.get("errorMessage"))
    if "timed out after" in message:
        return "Sandbox.Timedout"
    return "Runtime.ExitError" if "exited" in message else "Exception"


def _failure(payload: bytes) -> Exception:
    # moto reads the name from the cause, so a name that isn't there is put in front of it.
    error: Any = LambdaFunctionErrorException(error_type(payload), payload.decode("utf-8", "replace"))
    return error  # type: ignore[no-any-return]


def _body(parameters: dict[str, Any]) -> bytes:
    payload = parameters.get("Payload", {})
    return payload if isinstance(payload, bytes) else bytes(_Api.to_payload_type(payload))


def _refuse_what_isnt_granted(execution: dict[str, Any], function: str) -> None:
    """Raise moto's exception for what AWS answers when the machine's role may not invoke the function."""
    arn = compute.function_arn(function, None, Place(guard.ACCOUNT, execution["Id"].split(":")[3]))
    said = guard.refused(execution["RoleArn"], execution["Name"], compute.invoking(arn))
    if said is not None:
        cause = f"{said} (Service: Lambda, Status Code: 403, Request ID: {uuid.uuid4()})"
        error: Any = LambdaFunctionErrorException("Lambda.AWSLambdaException", cause)
        raise error


def call(parameters: dict[str, Any], execution: dict[str, Any]) -> dict[str, Any]:
    """The result of Step Functions' own `lambda:invoke`; `execution` is the context object's.

    Raises moto's exception for a failed function and for one that the machine's role may not invoke.
    """
    name = str(parameters["FunctionName"])
    if parameters.get("Qualifier"):
        name = f"{name}:{parameters['Qualifier']}"
    _refuse_what_isnt_granted(execution, name)
    answer: Invocation = _invoke[0](name, _body(parameters))
    if answer.error:
        raise _failure(answer.payload)
    return Shared(
        ExecutedVersion="$LATEST",
        Payload=loads(answer.payload) if answer.payload else None,
        SdkHttpMetadata=Shared(HttpStatusCode=200),
        SdkResponseMetadata=Shared(RequestId=str(uuid.uuid4())),
        StatusCode=200,
    )


def _eval_execution(self: Any, env: Any) -> None:
    self.resource.eval(env=env)
    facts = {"resource_runtime_part": env.stack.pop()}
    parameters = self._eval_parameters(env=env)
    facts["state_credentials"] = self._eval_state_credentials(env=env)
    self._before_eval_execution(env=env, raw_parameters=parameters, **facts)
    env.stack.append(call(parameters, _execution(env)))
    self._after_eval_execution(env=env, normalised_parameters=parameters, **facts)


def _integration(env: Any, parameters: dict[str, Any], **_: Any) -> None:
    env.stack.append(call(parameters, _execution(env)))


def _execution(env: Any) -> dict[str, Any]:
    execution: dict[str, Any] = env.states.context_object.context_object_data["Execution"]
    return execution


def _named(original: Any) -> Any:
    def _from_error(self: Any, env: Any, ex: Exception) -> Any:
        event = original(self, env=env, ex=ex)
        if isinstance(ex, LambdaFunctionErrorException):
            details = next(iter(event.event_details.values()))
            details["error"], details["cause"] = ex.function_error, ex.payload[:MAX_CAUSE]
            event.error_name = _ErrorName(error_name=ex.function_error)
        return event

    return _from_error


def _any_name(self: Any, error_name: str | None) -> None:
    # A branch's or a callback's error may well be one of `States.*`; moto raises ValueError then.
    _ErrorName.__init__(self, error_name=error_name)


@cache
def _patch() -> None:
    from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_lambda

    plain: Any = state_task_lambda.StateTaskLambda
    _Api.execute_lambda_function_integration = _integration
    _LambdaTask._eval_execution = _eval_execution
    _LambdaTask._from_error = _named(_LambdaTask._from_error)
    plain._from_error = _named(plain._from_error)
    _CustomErrorName.__init__ = _any_name


def install(invoke: Invoke) -> None:
    """Let `lambda:invoke` and function-ARN tasks call this; a second call replaces the first one's function."""
    _invoke[:] = [invoke]
    _patch()
