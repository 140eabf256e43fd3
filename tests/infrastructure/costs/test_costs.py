from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infrastructure.costs import __main__ as costs
from infrastructure.costs import runs, standing
from infrastructure.costs.standing import Charge, Pass, UnknownCharge
from infrastructure.local.embedded import EmbeddedAws
from infrastructure.local.meter import METER
from infrastructure.template.expand import expanded

ROOT = Path(__file__).resolve().parents[3]
PASS = Pass(reads=10, writes=1, requests=11, log_bytes=2**30 // 8760, seconds=1)


def template(resources: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"Resources": resources, **rest}


def found(charges: list[Charge]) -> dict[str, float]:
    return {charge.what: round(charge.usd, 4) for charge in charges}


def test_our_stack_at_rest_costs_less_than_five_cents_a_month() -> None:
    charges = standing.charges(expanded(ROOT), costs.IDLE)

    assert runs.usd(charges) < 0.05
    assert {charge.what.partition(":")[0] for charge in charges} == {"SweepSchedule"}


def test_a_run_costs_at_most_two_fifths_of_the_old_engine_s() -> None:
    assert runs.usd(runs.charges(runs.OURS)) <= 0.4 * runs.usd(runs.charges(runs.OLD))


def test_the_page_is_what_is_computed() -> None:
    assert (ROOT / "docs" / "costs.md").read_text(encoding="utf-8") == costs.page()


def test_a_pass_of_the_sweep_at_rest_asks_for_no_more_than_is_priced() -> None:
    with EmbeddedAws(port=0, aws_port=0) as aws:
        functions = aws.client("lambda")
        (sweep,) = [
            function["FunctionName"]
            for function in functions.list_functions()["Functions"]
            if function["FunctionName"].endswith("Sweep")
        ]
        functions.invoke(FunctionName=sweep, Payload=b"{}")
        aws.wait_idle()
        METER.reset()
        assert "FunctionError" not in functions.invoke(FunctionName=sweep, Payload=b"{}")
        counts = METER.snapshot()

    requests = sum(counts[name] for name in counts if name.startswith("dynamodb.") and not name.endswith("_units"))
    assert counts["dynamodb.read_units"] <= costs.IDLE.reads
    assert counts["dynamodb.write_units"] <= costs.IDLE.writes
    assert requests <= costs.IDLE.requests
    assert costs.IDLE.seconds >= 0.004 * requests


def test_a_timer_is_charged_for_what_it_does() -> None:
    rule = {"ScheduleExpression": "rate(5 minutes)", "Targets": [{"Arn": {"Fn::GetAtt": ["Sweep", "Arn"]}}]}
    resources = {
        "Tick": {"Type": "AWS::Events::Rule", "Properties": rule},
        "Sweep": {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 512}},
    }

    assert found(standing.charges(template(resources), PASS)) == {
        "Tick: invocations": 0.0018,
        "Tick: Lambda's time": 0.073,
        "Tick: reads": 0.0109,
        "Tick: writes": 0.0055,
        "Tick: logs": 0.5,
    }


@pytest.mark.parametrize(
    ("properties", "usd"),
    [
        ({}, 0.1),
        ({"Metrics": [{"Expression": "a / b"}, {"MetricStat": {}}, {"MetricStat": {}}]}, 0.2),
    ],
)
def test_an_alarm_is_charged_for_each_metric_that_it_looks_at(properties: dict[str, Any], usd: float) -> None:
    resources = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}

    assert found(standing.charges(template(resources), PASS)) == {"Alarm": usd}


@pytest.mark.parametrize(
    ("condition", "there"),
    [
        ({"Fn::Equals": [{"Ref": "Wanted"}, "Yes"]}, False),
        ({"Fn::Not": [{"Fn::Equals": [{"Ref": "Wanted"}, "Yes"]}]}, True),
        ({"Fn::Or": [{"Condition": "Never"}, {"Fn::Equals": [{"Fn::Select": [1, {"Ref": "List"}]}, "b"]}]}, True),
        ({"Fn::And": [{"Condition": "Never"}, {"Fn::Equals": ["a", "a"]}]}, False),
        ({"Fn::Equals": [{"Fn::Join": ["", {"Ref": "List"}]}, "ab"]}, True),
    ],
)
def test_what_stands_under_a_condition_costs_if_the_defaults_want_it(condition: dict[str, Any], there: bool) -> None:
    given = template(
        {"Board": {"Type": "AWS::CloudWatch::Dashboard", "Condition": "Asked", "Properties": {}}},
        Parameters={"Wanted": {"Default": "No"}, "List": {"Default": "a,b"}},
        Conditions={"Asked": condition, "Never": {"Fn::Equals": ["a", "b"]}},
    )

    assert found(standing.charges(given, PASS)) == ({"Board": 3.0} if there else {})


def test_a_resource_of_which_nobody_knows_the_charge_is_an_error() -> None:
    with pytest.raises(UnknownCharge, match="AWS::RDS::DBInstance"):
        standing.charges(template({"X": {"Type": "AWS::RDS::DBInstance"}}), PASS)


def test_a_schedule_that_is_not_a_rate_is_an_error() -> None:
    rule = {"ScheduleExpression": "cron(0 0 * * ? *)", "Targets": []}
    with pytest.raises(UnknownCharge, match="cron"):
        standing.charges(template({"X": {"Type": "AWS::Events::Rule", "Properties": rule}}), PASS)
