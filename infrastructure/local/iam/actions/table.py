"""The table of all operations that are known; one that isn't is an error, never allowed by silence."""

from __future__ import annotations

from typing import Any

from infrastructure.local.iam.actions import compute, dynamodb, language, messaging, s3, users
from infrastructure.local.iam.actions.place import Asks, Place
from infrastructure.local.iam.policies import Request

OPERATIONS: dict[str, dict[str, Asks]] = {
    "dynamodb": dynamodb.OPERATIONS,
    "s3": s3.OPERATIONS,
    "stepfunctions": compute.STATES,
    "lambda": compute.LAMBDA,
    "events": messaging.EVENTS,
    "scheduler": messaging.SCHEDULER,
    "sns": messaging.SNS,
    "sqs": messaging.SQS,
    "kinesis": messaging.KINESIS,
    "cognito-idp": users.COGNITO,
    "sesv2": users.MAIL,
    "transcribe": language.TRANSCRIBE,
    "translate": language.TRANSLATE,
}


class UnknownOperation(Exception):
    """The table doesn't say which actions an operation asks for."""


def requests(service: str, operation: str, parameters: dict[str, Any], place: Place) -> list[Request]:
    """What a call asks for; `service` is boto3's name. Raises UnknownOperation."""
    asks = OPERATIONS.get(service, {}).get(operation)
    if asks is None:
        raise UnknownOperation(f"{service}.{operation}: add its actions to infrastructure/local/iam/actions")
    try:
        return asks(parameters, place)
    except KeyError as missing:
        raise UnknownOperation(f"{service}.{operation} without {missing}") from missing
