from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.template.__main__ import main
from tests.infrastructure import sample_project


def test_build_writes_the_cores_template_in_both_forms_and_the_operators(project: Path, tmp_path: Path) -> None:
    handler = "operators.media.cut.handler.lambda_handler"
    sample_project.add_operator(project, "cut", {"Name": "Cut", "Handler": handler})
    out = tmp_path / "out"

    assert main(["build", "--out", str(out), "--project", str(project)]) == 0

    sam = json.loads((out / "template.sam.json").read_text())
    plain = json.loads((out / "template.json").read_text())
    assert sam["Transform"] == "AWS::Serverless-2016-10-31"
    assert plain["Resources"]["APIHandler"]["Type"] == "AWS::Lambda::Function"
    assert "OperatorCut" in json.loads((out / "operators.json").read_text())["Resources"]


def test_a_disagreement_is_told_without_a_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = tmp_path / "project"
    project.mkdir()
    sample_project.write(project, {})

    assert main(["build", "--out", str(tmp_path / "out"), "--project", str(project)]) == 1

    assert "which app.py does not declare" in capsys.readouterr().err
