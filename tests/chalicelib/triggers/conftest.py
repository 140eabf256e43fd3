"""moto's AWS with what triggers refer to: a schedule group, a topic, a workflow `flow`."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.definitions.revision import Revision
from tests.chalicelib.api import Api, serve
from tests.chalicelib.executions.conftest import StepFunctions, define, flow, points, sfn

__all__ = ["define", "flow", "points", "sfn"]

GROUP = "mediawright-ab12cd"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:mediawright-ab12cd-Trigger"
CLIP = {"Media": {"Video": {"S3Bucket": "test-data", "S3Key": "uploads/clip.mp4"}}}


@pytest.fixture
def api(aws: None, flow: Revision, sfn: StepFunctions) -> Api:
    client("scheduler").create_schedule_group(Name=GROUP)
    return serve()


@pytest.fixture
def topic(aws: None) -> str:
    arn: str = client("sns").create_topic(Name="news")["TopicArn"]
    return arn


def objects(**source: Any) -> dict[str, Any]:
    return {"Workflow": "flow", "S3": {"Bucket": "test-data", "Prefix": "incoming/", **source}}


def pattern(**members: Any) -> dict[str, Any]:
    wanted = {"source": ["archive"], "detail-type": ["Master delivered"]}
    return {"Workflow": "flow", "EventPattern": {"Pattern": wanted}, "Input": CLIP, **members}


def messages(topic: str, **members: Any) -> dict[str, Any]:
    return {"Workflow": "flow", "SNS": {"TopicArn": topic}, "Input": CLIP, **members}


def schedule(expression: str = "rate(5 minutes)", **source: Any) -> dict[str, Any]:
    return {"Workflow": "flow", "Schedule": {"Expression": expression, **source}, "Input": CLIP}


def rules() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client("events").list_rules()["Rules"]
    return found


def schedules() -> list[str]:
    return [entry["Name"] for entry in client("scheduler").list_schedules(GroupName=GROUP)["Schedules"]]


def subscriptions() -> list[str]:
    return [entry["Endpoint"] for entry in client("sns").list_subscriptions()["Subscriptions"]]


def items() -> list[tuple[str, str]]:
    """Kind and name of every item that triggers have in the System table."""
    found = client("dynamodb").scan(TableName="System")["Items"]
    keys = [(item["Kind"]["S"], item["Name"]["S"]) for item in found]
    return sorted(key for key in keys if key[0].startswith("trigger"))
