"""Rules of the default event bus, each with one target, a function.

Putting a rule anew by its name changes it, and removing one that isn't there is no mistake, so both may be repeated.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws import clock
from chalicelib.aws.clients import client, code

_TARGET = "function"
_EVENT: dict[str, Any] = {"id": "0", "account": "0", "source": "none", "region": "none", "resources": []}
_RETRY = {"MaximumEventAgeInSeconds": 21_600, "MaximumRetryAttempts": 185}


class InvalidPattern(Exception):
    """EventBridge doesn't take the pattern; the message is EventBridge's."""


class TooManyRules(Exception):
    """The bus holds as many rules as the account may have."""


class TargetRefused(Exception):
    """EventBridge took the rule and not its target."""


@dataclass(frozen=True)
class Rule:
    """What a rule matches, and what it hands to a function. `template` is an InputTransformer's."""

    name: str
    pattern: str
    enabled: bool
    function_arn: str
    template: str
    dead_letters_arn: str


def put(rule: Rule) -> None:
    """Make the rule and its target, or change them. Raises InvalidPattern and TooManyRules."""
    state = "ENABLED" if rule.enabled else "DISABLED"
    try:
        client("events").put_rule(Name=rule.name, EventPattern=rule.pattern, State=state)
    except ClientError as error:
        raise _meaning(error) from error
    target = {
        "Id": _TARGET,
        "Arn": rule.function_arn,
        "InputTransformer": {"InputTemplate": rule.template},
        "RetryPolicy": _RETRY,
        "DeadLetterConfig": {"Arn": rule.dead_letters_arn},
    }
    answer = client("events").put_targets(Rule=rule.name, Targets=[target])
    if answer["FailedEntryCount"]:
        raise TargetRefused(answer["FailedEntries"][0].get("ErrorMessage", "no reason given"))


def remove(name: str) -> None:
    """Take the rule's target away, then the rule; from the first step on it reaches nothing."""
    for call, request in (
        (client("events").remove_targets, {"Rule": name, "Ids": [_TARGET]}),
        (client("events").delete_rule, {"Name": name}),
    ):
        try:
            call(**request)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise


def check_pattern(pattern: str) -> None:
    """Ask EventBridge whether it takes the pattern; raises InvalidPattern."""
    event = json.dumps({**_EVENT, "time": clock.now(), "detail-type": "none", "detail": {}})
    try:
        client("events").test_event_pattern(EventPattern=pattern, Event=event)
    except ClientError as error:
        raise _meaning(error) from error


def _meaning(error: ClientError) -> Exception:
    message: str = error.response["Error"].get("Message", "")
    match code(error):
        case "InvalidEventPatternException":
            return InvalidPattern(message)
        case "LimitExceededException":
            return TooManyRules(message)
    return error
