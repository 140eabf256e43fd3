"""Alarms, dashboard and traces: nothing by default, nothing without something behind it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chalicelib.aws.metrics import NAMESPACE, Metric

Template = dict[str, Any]
Series = tuple[str, str]

OF_AWS: set[Series] = {
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
    ("AWS/Lambda", "Errors"),
    ("AWS/ApiGateway", "Count"),
    ("AWS/ApiGateway", "5XXError"),
}
EMITTED: set[Series] = {(NAMESPACE, metric.value) for metric in Metric}


def alarms(template: Template) -> dict[str, Any]:
    found = {
        name: entry for name, entry in template["Resources"].items() if entry["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert found
    return found


def series(alarm: dict[str, Any]) -> set[Series]:
    """What an alarm looks at."""
    properties = alarm["Properties"]
    if "MetricName" in properties:
        return {(properties["Namespace"], properties["MetricName"])}
    metrics = [entry["MetricStat"]["Metric"] for entry in properties["Metrics"] if "MetricStat" in entry]
    return {(metric["Namespace"], metric["MetricName"]) for metric in metrics}


def dashboard(template: Template) -> dict[str, Any]:
    text = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    body: dict[str, Any] = json.loads(re.sub(r"\$\{[^}]+\}", "x", text))
    return body


def test_there_are_ten_series_at_most(template: Template) -> None:
    assert len(Metric) <= 10


def test_every_alarm_looks_at_something_that_is_there(template: Template) -> None:
    for name, alarm in alarms(template).items():
        assert series(alarm) <= EMITTED | OF_AWS, name


def test_there_are_ten_alarms_at_most_and_none_without_an_address(template: Template) -> None:
    """An eleventh comes with the analytics stream, which costs a hundred times as much."""
    conditions = [alarm["Condition"] for alarm in [*alarms(template).values(), template["Resources"]["AlarmTopic"]]]
    assert conditions.count("SendsAlarms") - 1 <= 10
    assert set(conditions) <= {"SendsAlarms", "SendsAnalyticsAlarms"}
    assert template["Conditions"]["SendsAlarms"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}
    assert template["Parameters"]["AlarmEmail"]["Default"] == ""


def test_no_data_is_good_news_and_every_alarm_tells(template: Template) -> None:
    for name, alarm in alarms(template).items():
        properties = alarm["Properties"]
        assert properties["TreatMissingData"] == "notBreaching", name
        assert properties["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert properties["AlarmDescription"], name


def test_every_queue_of_dead_letters_has_an_alarm(template: Template) -> None:
    queues = {name for name, entry in template["Resources"].items() if entry["Type"] == "AWS::SQS::Queue"}
    watched = {
        dimension["Value"]["Fn::GetAtt"][0]
        for alarm in alarms(template).values()
        for dimension in alarm["Properties"].get("Dimensions", [])
        if dimension["Name"] == "QueueName"
    }

    assert watched == {name for name in queues if name.endswith("DeadLetters")}


def test_the_dashboard_is_asked_for_and_shows_what_is_emitted(template: Template) -> None:
    shown = {
        (metric[0], metric[1])
        for widget in dashboard(template)["widgets"]
        if widget["type"] == "metric"
        for metric in widget["properties"]["metrics"]
    }

    assert template["Resources"]["Dashboard"]["Condition"] == "DeploysDashboard"
    assert template["Parameters"]["DeployDashboard"]["Default"] == "No"
    assert EMITTED <= shown <= EMITTED | OF_AWS


def test_nothing_is_traced_unless_it_is_asked_for(template: Template) -> None:
    resources = template["Resources"]
    functions = [entry for entry in resources.values() if entry["Type"] == "AWS::Serverless::Function"]
    engine = [entry for entry in functions if "EXECUTIONS_TABLE" in str(entry["Properties"].get("Environment"))]

    assert template["Parameters"]["EnableXrayTrace"]["Default"] == "No"
    assert resources["RestAPI"]["Properties"]["TracingEnabled"] == {"Fn::If": ["Traces", True, False]}
    assert engine
    for function in engine:
        assert function["Properties"]["Tracing"] == {"Fn::If": ["Traces", "Active", "PassThrough"]}
    for machine in [entry for entry in resources.values() if entry["Type"] == "AWS::StepFunctions::StateMachine"]:
        assert machine["Properties"]["TracingConfiguration"] == {"Enabled": {"Fn::If": ["Traces", True, False]}}


def test_whoever_is_traced_may_report_it_by_its_own_role_and_only_then(template: Template) -> None:
    """A policy attached beside the role may come too late: Lambda refuses traced functions whose role may not."""
    resources = template["Resources"]
    traced = {
        entry["Properties"]["Role"]["Fn::GetAtt"][0]
        for entry in resources.values()
        if "Tracing" in entry.get("Properties", {})
    } | {"BatchMachineRole", "WorkflowRole"}
    reporting = {name for name, entry in resources.items() if "xray:" in json.dumps(entry)}

    assert reporting == traced
    for name in traced:
        written = [policy["PolicyDocument"]["Statement"] for policy in resources[name]["Properties"]["Policies"]]
        found = [entry for statements in written for entry in statements if "xray:" in json.dumps(entry)]
        [[condition, statement, nothing]] = [entry["Fn::If"] for entry in found]
        assert (condition, nothing) == ("Traces", {"Ref": "AWS::NoValue"})
        assert {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} <= set(statement["Action"])


@pytest.mark.parametrize("name", ["AlarmTopicPolicy", "MieSNSTopicPolicy"])
def test_topics_take_nothing_without_tls(template: Template, name: str) -> None:
    statements = template["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]

    assert statements[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
