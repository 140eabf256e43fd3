"""The charges of a stack at rest: what it has for the month, and what its timers do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infrastructure.costs.prices import HOURS, PRICES

Template = Mapping[str, Any]

STANDING = {
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::KMS::Key": "key",
    "AWS::Kinesis::Stream": "stream",
}
FREE = frozenset(
    {
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::CloudFormation::Stack",
        "AWS::Cognito::UserPool",
        "AWS::Cognito::UserPoolClient",
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
        "AWS::StepFunctions::StateMachine",
    }
)
"""Nothing is charged for having them: only for their use, or for the bytes in them."""


@dataclass(frozen=True)
class Charge:
    """An amount of something that has a price, in a month or in a thousand runs."""

    what: str
    amount: float
    price: str

    @property
    def usd(self) -> float:
        """What it comes to."""
        return self.amount * PRICES[self.price].usd


@dataclass(frozen=True)
class Pass:
    """What one pass of the sweep asks for when there is nothing to repair. `seconds` is what Lambda bills for it."""

    reads: float
    writes: float
    requests: int
    log_bytes: int
    seconds: float


class UnknownCharge(Exception):
    """A kind of resource of which nobody has said what it costs."""


def charges(template: Template, idle: Pass) -> list[Charge]:
    """All charges of a month at rest, with the parameters' defaults. Raises UnknownCharge."""
    active = {name: entry for name, entry in template["Resources"].items() if _is_there(template, entry)}
    return [*_had(active), *_ticking(active, idle)]


def _had(active: Mapping[str, Any]) -> Iterator[Charge]:
    for name, entry in active.items():
        kind = entry["Type"]
        if kind == "AWS::CloudWatch::Alarm":
            parts = entry["Properties"].get("Metrics", [{"MetricStat": {}}])
            yield Charge(name, sum("MetricStat" in part for part in parts), "alarm")
        elif kind in STANDING:
            yield Charge(name, 1, STANDING[kind])
        elif kind not in FREE:
            raise UnknownCharge(f"{kind}: say in infrastructure/costs what it costs at rest")


def _ticking(active: Mapping[str, Any], idle: Pass) -> Iterator[Charge]:
    for name, entry in active.items():
        if "ScheduleExpression" not in entry.get("Properties", {}):
            continue
        passes = HOURS * 60 / _minutes(entry["Properties"]["ScheduleExpression"])
        (target,) = entry["Properties"]["Targets"]
        memory = active[target["Arn"]["Fn::GetAtt"][0]]["Properties"]["MemorySize"] / 1024
        yield Charge(f"{name}: invocations", passes, "invocation")
        yield Charge(f"{name}: Lambda's time", passes * idle.seconds * memory, "gb_second")
        yield Charge(f"{name}: reads", passes * idle.reads, "read")
        yield Charge(f"{name}: writes", passes * idle.writes, "write")
        yield Charge(f"{name}: logs", passes * idle.log_bytes / 2**30, "log_gb")


def _minutes(expression: str) -> float:
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if found is None:
        raise UnknownCharge(f"how often is {expression}?")
    return int(found[1]) * {"minute": 1, "hour": 60, "day": 1440}[found[2]]


def _is_there(template: Template, entry: Mapping[str, Any]) -> bool:
    return "Condition" not in entry or bool(_value(template, {"Condition": entry["Condition"]}))


def _value(template: Template, node: Any) -> Any:
    """What a condition, or a value in one, comes to with the parameters' defaults. Raises UnknownCharge."""
    if not isinstance(node, dict):
        return node
    ((function, argument),) = node.items()
    if function == "Condition":
        return _value(template, template["Conditions"][argument])
    if function == "Ref":
        return template["Parameters"][argument].get("Default", "")
    values = [_value(template, part) for part in argument]
    if function == "Fn::Equals":
        return values[0] == values[1]
    if function == "Fn::Not":
        return not values[0]
    if function in ("Fn::And", "Fn::Or"):
        return (all if function == "Fn::And" else any)(values)
    if function == "Fn::Join":
        return values[0].join(_items(values[1]))
    if function == "Fn::Select":
        return _items(values[1])[int(values[0])]
    raise UnknownCharge(f"{function} in a condition isn't evaluated here")


def _items(value: Any) -> list[str]:
    """A list, or a default of the type CommaDelimitedList."""
    return value if isinstance(value, list) else str(value).split(",")
