"""Schedules of EventBridge Scheduler in the stack's group, each of which invokes a function.

Putting a schedule anew by its name changes it, and removing one that isn't there is no mistake, so both may be
repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client, code

_RETRY = {"MaximumEventAgeInSeconds": 21_600, "MaximumRetryAttempts": 185}


class InvalidSchedule(Exception):
    """Scheduler doesn't take the expression or the time zone; the message is Scheduler's."""


class TooManySchedules(Exception):
    """The account has as many schedules as it may have."""


@dataclass(frozen=True)
class Schedule:
    """When it fires, and what it hands to the function: `text`, in which Scheduler replaces `<aws.scheduler...>`."""

    group: str
    name: str
    expression: str
    timezone: str
    enabled: bool
    function_arn: str
    role_arn: str
    text: str
    dead_letters_arn: str


def put(schedule: Schedule) -> None:
    """Make the schedule, or change it. Raises InvalidSchedule and TooManySchedules."""
    request = _request(schedule)
    try:
        try:
            client("scheduler").create_schedule(**request)
        except ClientError as error:
            if code(error) != "ConflictException":
                raise
            client("scheduler").update_schedule(**request)
    except ClientError as error:
        raise _meaning(error) from error


def remove(group: str, name: str) -> None:
    """Delete the schedule."""
    try:
        client("scheduler").delete_schedule(GroupName=group, Name=name)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise


def _request(schedule: Schedule) -> dict[str, Any]:
    return {
        "GroupName": schedule.group,
        "Name": schedule.name,
        "ScheduleExpression": schedule.expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "State": "ENABLED" if schedule.enabled else "DISABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": schedule.function_arn,
            "RoleArn": schedule.role_arn,
            "Input": schedule.text,
            "RetryPolicy": _RETRY,
            "DeadLetterConfig": {"Arn": schedule.dead_letters_arn},
        },
    }


def _meaning(error: ClientError) -> Exception:
    message: str = error.response["Error"].get("Message", "")
    match code(error):
        case "ValidationException":
            return InvalidSchedule(message)
        case "ServiceQuotaExceededException":
            return TooManySchedules(message)
    return error
