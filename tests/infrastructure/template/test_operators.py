from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infrastructure.template.operators import operator_resources
from tests.infrastructure import sample_project

CODE = "s3://code/operators"


def operation(name: str, folder: str) -> dict[str, Any]:
    handler = f"operators.media.{folder}.handler.lambda_handler"
    return {"Name": name, "Type": "Sync", "Handler": handler, "MemorySize": 512, "Timeout": 60}


def test_a_project_without_operators_adds_nothing(tmp_path: Path) -> None:
    assert operator_resources(tmp_path, CODE, "python3.12") == {}


def test_operations_over_one_handler_share_its_function(tmp_path: Path) -> None:
    sample_project.add_operator(
        tmp_path, "media_info", [operation("Info", "media_info"), operation("InfoAudio", "media_info")]
    )
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    added = operator_resources(tmp_path, CODE, "python3.12")

    functions = [name for name, entry in added["Resources"].items() if entry["Type"] == "AWS::Serverless::Function"]
    assert sorted(functions) == ["OperatorCut", "OperatorMediaInfo"]
    arns = {name: output["Value"] for name, output in added["Outputs"].items() if name != "MediaOperators"}
    assert arns == {
        "MediaOperatorCutArn": {"Fn::GetAtt": ["OperatorCut", "Arn"]},
        "MediaOperatorInfoArn": {"Fn::GetAtt": ["OperatorMediaInfo", "Arn"]},
        "MediaOperatorInfoAudioArn": {"Fn::GetAtt": ["OperatorMediaInfo", "Arn"]},
    }
    assert added["Outputs"]["MediaOperators"]["Value"] == "Cut,Info,InfoAudio"


def test_a_function_carries_the_tag_that_lets_workflows_invoke_it(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    function = operator_resources(tmp_path, CODE, "python3.12")["Resources"]["OperatorCut"]

    assert function["Condition"] == "DeploysMediaOperators"
    assert function["Properties"]["Tags"] == {"mediawright": {"Ref": "AWS::StackName"}}
    assert function["Properties"]["MemorySize"] == 512
    assert function["Properties"]["Timeout"] == 60


def test_operators_write_only_under_private(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    role = operator_resources(tmp_path, CODE, "python3.12")["Resources"]["MediaOperatorRole"]["Properties"]

    [policy] = role["Policies"]
    entries = policy["PolicyDocument"]["Statement"]
    writing = [entry for entry in entries if "s3:PutObject" in json.dumps(entry)]
    assert [entry["Resource"] for entry in writing] == [{"Fn::Sub": "${DataBucket.Arn}/private/*"}]


def test_the_repositorys_own_operators_fit_the_limits_of_outputs() -> None:
    added = operator_resources(sample_project.REPOSITORY, CODE, "python3.12")

    assert len(added["Outputs"]) < 150
    assert len(added["Outputs"]["MediaOperators"]["Value"]) <= 1024
