"""Metrics as CloudWatch's embedded metric format: one log line, no request (CloudWatch documents it as EMF)."""

from __future__ import annotations

import json

from chalicelib.aws import clock
from chalicelib.aws.settings import settings

_NAMESPACE = "Mediawright"


def emit(**counts: int) -> None:
    """Report the counts that aren't zero; a metric that is never emitted costs nothing."""
    found = {name: count for name, count in counts.items() if count}
    if not found:
        return
    definition = {
        "Namespace": _NAMESPACE,
        "Dimensions": [["Stack"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in found],
    }
    stamp = int(clock.seconds() * 1000)
    line = {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [definition]}, "Stack": settings().stack_name, **found}
    print(json.dumps(line))
