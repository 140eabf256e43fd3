"""Sends to SQS queues of the embedded AWS by ARN, as AWS services do for failures and rule targets."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import moto.sqs.exceptions as moto_sqs_exceptions
import moto.sqs.models as moto_sqs

_BACKENDS: Any = moto_sqs.sqs_backends
_NO_QUEUE: Any = moto_sqs_exceptions.QueueDoesNotExist
_LOGGER = logging.getLogger(__name__)


def send_to_queue(
    queue_arn: str, body: str, attributes: Mapping[str, str] | None = None, group: str | None = None
) -> bool:
    """Send one message with string attributes; false (and a warning) when the ARN names no queue here."""
    _, _, service, region, account, name = (queue_arn.split(":", 5) + [""] * 6)[:6]
    try:
        if service != "sqs":
            raise KeyError(service)
        _BACKENDS[account][region].send_message(
            name,
            body,
            message_attributes={
                key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()
            },
            group_id=group,
        )
    except (_NO_QUEUE, KeyError):
        _LOGGER.warning("no queue to take a message: %r", queue_arn)
        return False
    return True
