"""What definitions must fulfil beyond their schemas. Messages name the field; nothing here asks AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.definitions import function_arns, limits, retries
from chalicelib.definitions.builtin import WAIT_CONFIGURATION, YEAR_SECONDS
from chalicelib.definitions.revision import OperationType
from chalicelib.web.errors import BadRequestError, shown
from chalicelib.web.validation import check_schema, schema, validate_against

SYNC_SECONDS = 900
"""How long a Lambda function may run."""
_DAY = 24 * 3600

DEFAULT_SECONDS: Mapping[OperationType, int] = {
    "Sync": SYNC_SECONDS,
    "Async": 3600,
    "Callback": _DAY,
    "Wait": YEAR_SECONDS,
}
MAX_SECONDS: Mapping[OperationType, int] = {
    "Sync": SYNC_SECONDS,
    "Async": _DAY,
    "Callback": 7 * _DAY,
    "Wait": YEAR_SECONDS,
}
POLL_MAX_SECONDS = 60

Document = dict[str, Any]


def check_operation(document: Document, role_arn: str) -> None:
    """Raise BadRequestError unless an operation's own members fit each other."""
    limits.check_document(document)
    _check_functions(document)
    _check_times(document)
    if "Retry" in document:
        retries.check(document["Retry"])
    if document.get("SfnExecutionRole", role_arn) != role_arn:
        raise BadRequestError(f"SfnExecutionRole: only the stack's workflow role is allowed: {role_arn}")
    if "ConfigurationSchema" in document:
        check_schema(document["ConfigurationSchema"], "ConfigurationSchema")
    check_configuration(document["Configuration"], configuration_schema(document), "Configuration")


def _check_functions(document: Document) -> None:
    """Raise BadRequestError unless an operation has the functions that its type needs, and no others."""
    kind = document["Type"]
    if kind == "Wait":
        for field in function_fields(document):
            raise BadRequestError(f"{field}: a Wait runs nothing and has no function")
    elif "StartLambdaArn" not in document:
        raise BadRequestError(f"'StartLambdaArn' is a required property of a {kind} operation")
    if kind == "Async" and "MonitorLambdaArn" not in document:
        raise BadRequestError("MonitorLambdaArn: an Async operation needs a function that tells its progress")
    if kind == "Callback" and "MonitorLambdaArn" in document:
        raise BadRequestError("MonitorLambdaArn: a Callback operation isn't asked, it answers; leave it out")
    for field in function_fields(document):
        if function_arns.parse(document[field]) is None:
            raise BadRequestError(f"{field}: {shown(document[field])} is not the ARN of a Lambda function")


def _check_times(document: Document) -> None:
    """Raise BadRequestError unless timeout and heartbeat fit the operation's type and each other."""
    kind, timeout = document["Type"], timeout_seconds(document)
    if timeout > MAX_SECONDS[kind]:
        reason = "a Sync operation is one call of a Lambda function," if kind == "Sync" else f"{kind} operations take"
        raise BadRequestError(f"TimeoutSeconds: {reason} {MAX_SECONDS[kind]} seconds at most")
    heartbeat = document.get("HeartbeatSeconds")
    if heartbeat is None:
        return
    if kind != "Callback":
        raise BadRequestError(f"HeartbeatSeconds: Callback operations have a heartbeat, {kind} ones have none")
    if heartbeat >= timeout:
        raise BadRequestError(f"HeartbeatSeconds: it must be smaller than TimeoutSeconds, which is {timeout}")


def configuration_schema(document: Document) -> Document | None:
    """What an operation's Configuration must fulfil: its own schema, and for a Wait the engine's beside it."""
    own: Document | None = document.get("ConfigurationSchema")
    if document["Type"] != "Wait" or own == WAIT_CONFIGURATION:
        return own
    if own is None:
        return WAIT_CONFIGURATION
    # beside and not around it: references within the owner's schema begin at its root
    return {**own, "allOf": [*own.get("allOf", []), WAIT_CONFIGURATION]}


def function_fields(document: Document) -> list[str]:
    """Which members of an operation name functions."""
    return [field for field in ("StartLambdaArn", "MonitorLambdaArn") if field in document]


def timeout_seconds(document: Document) -> int:
    """An operation's timeout, given or by its type."""
    return int(document.get("TimeoutSeconds", DEFAULT_SECONDS[document["Type"]]))


def poll_max_seconds(document: Document) -> int:
    """The longest pause between two polls, given or the default."""
    return int(document.get("PollMaxSeconds", POLL_MAX_SECONDS))


def whole(document: Document, member: str) -> int | None:
    """A whole number that may be absent; JSON may have spelled it as 5.0."""
    value = document.get(member)
    return None if value is None else int(value)


def check_configuration(configuration: Any, own_schema: Any, field: str) -> None:
    """Raise BadRequestError unless an operation could run with this Configuration."""
    validate_against(configuration, schema("definitions/configuration"), field)
    if own_schema is None:
        return
    try:
        validate_against(configuration, own_schema, field)
    except RecursionError:
        raise BadRequestError("ConfigurationSchema: it refers to itself without end") from None


def check_stage(document: Document) -> None:
    """Raise BadRequestError unless a stage's own members fit each other."""
    limits.check_document(document)
    operations = document["Operations"]
    repeated = sorted({name for name in operations if operations.count(name) > 1})
    if repeated:
        raise BadRequestError(f"Operations: {shown(repeated[0])} is named more than once")
    for name in document.get("Configuration", {}):
        if name not in operations:
            raise BadRequestError(f"Configuration.{shown(name)[1:-1]}: the stage has no such operation")


def running_order(start_at: str, stages: Mapping[str, Document]) -> list[str]:
    """A workflow's stages in running order.

    Raises BadRequestError, naming the stage, unless they are one chain from `StartAt` to the one `End`.
    """
    ends = [name for name, entry in stages.items() if entry.get("End") is True]
    for name, entry in stages.items():
        _check_entry(name, entry, stages)
    if len(ends) != 1:
        named = f", not {len(ends)}: {', '.join(map(shown, ends))}" if ends else ", none has"
        raise BadRequestError(f"Stages: exactly one stage must have 'End'{named}")
    if start_at not in stages:
        raise BadRequestError(f"StartAt: there is no stage {shown(start_at)} in Stages")
    order = _walked(start_at, stages)
    unreachable = [name for name in stages if name not in order]
    if unreachable:
        raise BadRequestError(f"Stages.{shown(unreachable[0])[1:-1]}: the stage can't be reached from StartAt")
    return order


def _check_entry(name: str, entry: Document, stages: Mapping[str, Document]) -> None:
    field = f"Stages.{shown(name)[1:-1]}"
    ends, following = entry.get("End") is True, entry.get("Next")
    if ends == (following is not None):
        raise BadRequestError(f"{field}: the stage must have either 'End' or 'Next'")
    if following is not None and following not in stages:
        raise BadRequestError(f"{field}.Next: there is no stage {shown(following)} in Stages")


def _walked(start_at: str, stages: Mapping[str, Document]) -> list[str]:
    order = [start_at]
    while stages[order[-1]].get("End") is not True:
        following = stages[order[-1]]["Next"]
        if following in order:
            raise BadRequestError(f"Stages.{shown(order[-1])[1:-1]}.Next: stage {shown(following)} would run again")
        order.append(following)
    return order


def missing(names: Sequence[str], found: Mapping[str, object]) -> str | None:
    """The first name that nothing was found for."""
    return next((name for name in names if name not in found), None)
