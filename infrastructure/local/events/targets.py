"""What a rule's target receives, and how it gets there when it isn't a function."""

from __future__ import annotations

import json
from typing import Any

import moto.sns.exceptions as moto_sns_exceptions
import moto.sns.models as moto_sns
from moto.core.exceptions import JsonRESTError
from moto.stepfunctions.responses import get_backend as stepfunctions_backend

from infrastructure.local.events.templates import at_path, transformed
from infrastructure.local.queues import send_to_queue

_TOPICS: Any = moto_sns.sns_backends
_NO_TOPIC: Any = moto_sns_exceptions.SNSNotFoundError
_STEP_FUNCTIONS: Any = stepfunctions_backend


class Undeliverable(Exception):
    """An event that can't be handed to its target; `code` as in EventBridge's dead letters."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def target_input(target: dict[str, Any], event: dict[str, Any], rule_arn: str) -> str:
    """The JSON text that a target gets: the event, or what its Input, InputPath or InputTransformer make of it."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        return json.dumps(at_path(event, target["InputPath"]))
    transformer = target.get("InputTransformer")
    if transformer:
        paths = transformer.get("InputPathsMap") or {}
        return transformed(str(transformer["InputTemplate"]), paths, event, rule_arn)
    return json.dumps(event)


def send_to_service(service: str, target: dict[str, Any], text: str, event: dict[str, Any]) -> None:
    """Hand the input to a queue, a topic or a state machine; raises Undeliverable."""
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        if not send_to_queue(target["Arn"], text, group=group):
            raise Undeliverable("NO_RESOURCE", f"Queue not found: {target['Arn']}")
    elif service == "sns":
        _publish(target["Arn"], text)
    elif service == "states":
        _start(target["Arn"], event["id"], text)
    else:
        raise Undeliverable("SDK_CLIENT_ERROR", f"The embedded AWS has no such target: {target['Arn']}")


def _start(machine_arn: str, name: str, text: str) -> None:
    _, _, _, region, account, *_ = machine_arn.split(":")
    try:
        _STEP_FUNCTIONS(account, region).start_execution(
            state_machine_arn=machine_arn, name=name, execution_input=text
        )
    except JsonRESTError as error:
        raise Undeliverable("SDK_CLIENT_ERROR", str(error.message)) from error


def _publish(topic_arn: str, text: str) -> None:
    _, _, _, region, account, *_ = topic_arn.split(":")
    try:
        _TOPICS[account][region].publish(text, arn=topic_arn)
    except _NO_TOPIC as error:
        raise Undeliverable("NO_RESOURCE", f"Topic not found: {topic_arn}") from error
