"""The outputs that applications of the old engine read and import, by their names of then."""

from __future__ import annotations

from typing import Any

import pytest

Template = dict[str, Any]

OLD = {
    "OperatorLibraryStack": "OperatorLibraryStack",
    "DataplaneBucket": "DataplaneBucket",
    "DataplaneApiEndpoint": "DataplaneApiEndpoint",
    "DataPlaneHandlerArn": "DataPlaneHandlerArn",
    "DataplaneApiRestID": "DataplaneApiId",
    "WorkflowCustomResourceArn": "WorkflowCustomResourceArn",
    "WorkflowApiEndpoint": "WorkflowApiEndpoint",
    "WorkflowApiRestID": "WorkflowApiId",
    "MediaInsightsOnAwsPython39LayerArn": "MediaInsightsOnAwsPython39Layer",
    "MediaInsightsOnAwsPython310LayerArn": "MediaInsightsOnAwsPython310Layer",
    "MediaInsightsOnAwsPython311LayerArn": "MediaInsightsOnAwsPython311Layer",
    "AnalyticsStreamArn": "AnalyticsStreamArn",
    "Version": "Version",
    "MieKMSArn": "MieKMSArn",
    "MieKMSId": "MieKMSId",
    "MieKMSAlias": "MieKMSAlias",
    "MieSNSTopic": "MieSNSTopic",
    "MieSQSQueue": "MieSQSQueue",
}
"""Contract 9.2: what each was exported as, below the stack's name. TestStack was none."""

CONDITIONS = {
    "AnalyticsStreamArn": "DeploysAnalytics",
    "OperatorLibraryStack": "DeploysMediaOperators",
    "TestStack": "DeploysTestResources",
}


@pytest.mark.parametrize("name", OLD)
def test_an_old_output_is_exported_under_its_old_name(template: Template, name: str) -> None:
    output = template["Outputs"][name]

    assert output["Export"] == {"Name": {"Fn::Sub": f"${{AWS::StackName}}:{OLD[name]}"}}
    assert output.get("Condition") == CONDITIONS.get(name)


def test_exports_have_names_of_their_own(template: Template) -> None:
    names = [output["Export"]["Name"]["Fn::Sub"] for output in template["Outputs"].values() if "Export" in output]

    assert len(names) == len(set(names))


def test_the_old_test_stacks_outputs_are_there_when_they_are_asked_for(template: Template) -> None:
    old = (
        "VideoSyncOKLambda VideoSyncFailLambda VideoAsyncOKLambda VideoAsyncOKMonitorLambda "
        "VideoAsyncFailMonitorLambda AudioSyncOKLambda AudioAsyncOKLambda AudioAsyncOKMonitorLambda "
        "ImageSyncOKLambda ImageAsyncOKLambda ImageAsyncOKMonitorLambda "
        "TextSyncOKLambda TextAsyncOKLambda TextAsyncOKMonitorLambda"
    )

    for name in [*old.split(), "TestStack"]:
        assert template["Outputs"][name]["Condition"] == "DeploysTestResources"
        assert "Export" not in template["Outputs"][name]


def test_the_key_is_named_only_when_it_is_a_users(template: Template) -> None:
    for name in ("MieKMSArn", "MieKMSId", "MieKMSAlias"):
        condition, given, default = template["Outputs"][name]["Value"]["Fn::If"]
        assert condition == "HasKmsKey"
        assert "KmsKeyArn" in str(given)
        assert str(default).rstrip("'}").endswith("alias/aws/s3")


def test_the_helpers_layer_serves_every_python_that_the_old_ones_did(template: Template) -> None:
    layer = template["Resources"]["HelperLayer"]["Properties"]

    assert {"python3.9", "python3.10", "python3.11"} <= set(layer["CompatibleRuntimes"])
    for version in ("39", "310", "311"):
        assert template["Outputs"][f"MediaInsightsOnAwsPython{version}LayerArn"]["Value"] == {"Ref": "HelperLayer"}
