"""Metrics as CloudWatch's embedded metric format: one log line, no request (CloudWatch documents it as EMF).

Every series costs money for each hour in which it is emitted. So there are these and no others, with the stack as
their one dimension, and none is emitted without something to say. What is told of single operations, workflows or
kinds of repairs are members of log lines, for Logs Insights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from chalicelib.aws import clock, logs
from chalicelib.aws.settings import settings

NAMESPACE = "Mediawright"


class Metric(StrEnum):
    """A series. Counts but for the age, which is in seconds."""

    RUNS_SUBMITTED = "RunsSubmitted"
    RUNS_COMPLETED = "RunsCompleted"
    RUNS_FAILED = "RunsFailed"
    RUNS_CANCELED = "RunsCanceled"
    QUEUE_AGE = "QueueAge"
    SLOTS_USED = "SlotsUsed"
    REPAIRS = "Repairs"
    DEAD_LETTERS = "DeadLetters"


def emit(values: Mapping[Metric, int], **members: Any) -> None:
    """Report the values that aren't zero; `members` are told beside them, in the log alone."""
    found = {metric.value: value for metric, value in values.items() if value}
    if not found:
        return
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Stack"]],
        "Metrics": [{"Name": name, "Unit": "Seconds" if name == Metric.QUEUE_AGE else "Count"} for name in found],
    }
    stamp = int(clock.seconds() * 1000)
    about = {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [definition]}, "Stack": settings().stack_name}
    logs.write(json.dumps({**about, **found, **members}))
