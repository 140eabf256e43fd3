from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infrastructure.template.operators import (
    UnknownLayer,
    inner_templates,
    operator_definitions,
    operator_library,
    operator_resources,
)
from infrastructure.template.places import WORKING_TREE, beside
from tests.infrastructure import sample_project


def operation(name: str, folder: str, **more: Any) -> dict[str, Any]:
    handler = f"operators.media.{folder}.handler.lambda_handler"
    return {"Name": name, "Type": "Sync", "Handler": handler, "MemorySize": 512, "Timeout": 60, **more}


def test_a_project_without_operators_adds_nothing(tmp_path: Path) -> None:
    assert operator_resources(tmp_path, WORKING_TREE) == {}
    assert inner_templates(tmp_path) == {}


def test_operations_over_one_handler_share_its_function(tmp_path: Path) -> None:
    sample_project.add_operator(
        tmp_path, "media_info", [operation("Info", "media_info"), operation("InfoAudio", "media_info")]
    )
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    library = operator_library(tmp_path)

    functions = [name for name, entry in library["Resources"].items() if entry["Type"] == "AWS::Lambda::Function"]
    assert sorted(functions) == ["OperatorCut", "OperatorMediaInfo"]
    arns = {name: output["Value"] for name, output in library["Outputs"].items() if name.endswith("Arn")}
    assert arns == {
        "MediaOperatorCutArn": {"Fn::GetAtt": ["OperatorCut", "Arn"]},
        "MediaOperatorInfoArn": {"Fn::GetAtt": ["OperatorMediaInfo", "Arn"]},
        "MediaOperatorInfoAudioArn": {"Fn::GetAtt": ["OperatorMediaInfo", "Arn"]},
    }
    assert library["Outputs"]["MediaOperators"]["Value"] == "Cut,Info,InfoAudio"


def test_the_core_stack_answers_the_librarys_outputs_as_its_own(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    added = operator_resources(tmp_path, WORKING_TREE)

    assert list(added["Resources"]) == ["OperatorLibrary"]
    assert added["Resources"]["OperatorLibrary"]["Condition"] == "DeploysMediaOperators"
    assert set(added["Outputs"]) == set(operator_library(tmp_path)["Outputs"])
    assert added["Outputs"]["MediaOperatorCutArn"] == {
        "Condition": "DeploysMediaOperators",
        "Description": "The function of the operation Cut",
        "Value": {"Fn::GetAtt": ["OperatorLibrary", "Outputs.MediaOperatorCutArn"]},
        "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:MediaOperatorCutArn"}},
    }


def test_the_core_stack_gives_every_parameter_of_the_library(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    given = operator_resources(tmp_path, WORKING_TREE)["Resources"]["OperatorLibrary"]["Properties"]["Parameters"]

    assert set(given) == set(operator_library(tmp_path)["Parameters"])


def test_a_function_carries_the_tag_that_lets_the_core_stacks_workflows_invoke_it(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    properties = operator_library(tmp_path)["Resources"]["OperatorCut"]["Properties"]

    assert properties["Tags"] == [{"Key": "mediawright", "Value": {"Ref": "CoreStack"}}]
    assert properties["MemorySize"] == 512
    assert properties["Timeout"] == 60
    assert properties["Environment"]["Variables"] == {"DataplaneEndpoint": {"Ref": "DataPlaneHandler"}}


def test_the_core_hands_on_what_both_have(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    given = operator_resources(tmp_path, WORKING_TREE)["Resources"]["OperatorLibrary"]["Properties"]["Parameters"]
    properties = operator_library(tmp_path)["Resources"]["OperatorCut"]["Properties"]

    assert given["EnableXrayTrace"] == {"Ref": "EnableXrayTrace"}
    assert properties["TracingConfig"] == {"Mode": {"Fn::If": ["Traces", "Active", "PassThrough"]}}


def test_a_function_gets_the_layers_that_it_names_and_the_stack_no_others(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut", Layers=["pyav"]))
    sample_project.add_operator(tmp_path, "words", operation("Words", "words"))

    resources = operator_library(tmp_path, beside("arm64"))["Resources"]

    assert resources["OperatorCut"]["Properties"]["Layers"] == [{"Ref": "PyavLayer"}]
    assert "Layers" not in resources["OperatorWords"]["Properties"]
    layers = [entry["Properties"] for entry in resources.values() if entry["Type"] == "AWS::Lambda::LayerVersion"]
    assert [layer["Content"] for layer in layers] == ["layer-pyav.zip"]


def test_a_function_gets_the_variables_of_its_layers(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "shrink", operation("Shrink", "shrink", Layers=["pyav", "pillow"]))

    properties = operator_library(tmp_path)["Resources"]["OperatorShrink"]["Properties"]

    assert properties["Environment"]["Variables"] == {
        "DataplaneEndpoint": {"Ref": "DataPlaneHandler"},
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": "268435456",
    }


def test_functions_and_layers_are_for_the_architecture_that_is_asked_for(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut", Layers=["pyav"]))

    resources = operator_library(tmp_path, beside("arm64"))["Resources"]

    assert resources["OperatorCut"]["Properties"]["Architectures"] == ["arm64"]
    assert resources["PyavLayer"]["Properties"]["CompatibleArchitectures"] == ["arm64"]


def test_an_unknown_layer_is_told_with_the_operation_that_names_it(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut", Layers=["opencv"]))

    with pytest.raises(UnknownLayer, match="operation Cut names the layer opencv"):
        operator_library(tmp_path)


def test_operators_write_only_media_of_assets(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut"))

    role = operator_library(tmp_path)["Resources"]["MediaOperatorRole"]["Properties"]

    [policy] = role["Policies"]
    entries = policy["PolicyDocument"]["Statement"]
    writing = [entry for entry in entries if "s3:PutObject" in json.dumps(entry)]
    assert [entry["Resource"] for entry in writing] == [{"Fn::Sub": "${DataBucketArn}/private/assets/*"}]


def test_the_repositorys_own_operators_fit_the_limits_of_outputs() -> None:
    library = operator_library(sample_project.REPOSITORY)

    assert len(library["Outputs"]) < 150
    assert len(json.dumps(library["Outputs"]["MediaOperators"]["Value"])) <= 1024


def test_operations_that_share_a_function_ask_for_the_same_layers() -> None:
    asked: dict[str, set[tuple[str, ...]]] = {}
    for entry in operator_definitions(sample_project.REPOSITORY):
        asked.setdefault(entry["Handler"], set()).add(tuple(entry.get("Layers", [])))

    assert [handler for handler, layers in asked.items() if len(layers) > 1] == []


def test_an_operator_that_asks_for_the_image_runs_in_it_when_the_stack_is_given_one(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut", Image="ffmpeg"))
    sample_project.add_operator(tmp_path, "words", operation("Words", "words"))

    library, core = operator_library(tmp_path, beside("x86_64")), operator_resources(tmp_path, beside("x86_64"))

    function = library["Resources"]["OperatorCut"]
    assert function["Condition"] == library["Outputs"]["MediaOperatorCutArn"]["Condition"] == "HasOperatorImage"
    assert function["Properties"]["Code"] == {"ImageUri": {"Ref": "OperatorImageUri"}}
    assert function["Properties"]["ImageConfig"] == {"Command": ["operators.media.cut.handler.lambda_handler"]}
    assert function["Properties"]["EphemeralStorage"] == {"Size": 10240}
    assert not {"Handler", "Runtime", "Layers"} & set(function["Properties"])
    names = library["Outputs"]["MediaOperators"]["Value"]
    assert names == {"Fn::If": ["HasOperatorImage", "Cut,Words", "Words"]}
    assert core["Outputs"]["MediaOperatorCutArn"]["Condition"] == "DeploysImageOperators"
    assert core["Outputs"]["MediaOperatorWordsArn"]["Condition"] == "DeploysMediaOperators"


def test_on_the_laptop_its_code_is_the_working_trees(tmp_path: Path) -> None:
    sample_project.add_operator(tmp_path, "cut", operation("Cut", "cut", Image="ffmpeg"))

    properties = operator_library(tmp_path)["Resources"]["OperatorCut"]["Properties"]

    assert properties["Code"]["S3Bucket"] == "working-tree"
    assert properties["Handler"] == "operators.media.cut.handler.lambda_handler"


def test_media_operations_are_registered_each_with_a_workflow() -> None:
    resources = operator_library(sample_project.REPOSITORY)["Resources"]

    for name in ("ImageConvert", "MediaProbeAudio", "VideoTrim"):
        condition = "RegistersOperationsOfImage" if name == "VideoTrim" else "RegistersOperations"
        operation, workflow = resources[f"{name}Operation"], resources[f"Run{name}Workflow"]
        assert (operation["Condition"], workflow["Condition"]) == (condition, condition)
        assert json.loads(operation["Properties"]["ConfigurationSchema"])["type"] == "object"
        assert json.loads(workflow["Properties"]["Stages"]) == {f"_{name}": {"End": True}}
    assert "ThumbnailOperation" not in resources
