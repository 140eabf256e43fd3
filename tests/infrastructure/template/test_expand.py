from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.template import expand as module
from infrastructure.template.expand import expanded


def test_the_expanded_template_is_plain_cloudformation(project: Path) -> None:
    template = expanded(project)

    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::Serverless::")]
    assert "Transform" not in template
    stages = [entry for entry in template["Resources"].values() if entry["Type"] == "AWS::ApiGateway::Stage"]
    assert [stage["Properties"]["StageName"] for stage in stages] == ["api"]


def test_an_unchanged_project_is_read_from_the_cache(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = expanded(project)
    monkeypatch.setattr(module, "build", lambda _project: pytest.fail("built again"))

    assert expanded(project) == first


@pytest.mark.parametrize(
    "changed", ["cfn/functions.yaml", "app.py", ".chalice/config.json", "chalicelib/rooms/new.json"]
)
def test_any_change_of_a_source_builds_anew(project: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    expanded(project)
    file = project / changed
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((file.read_text() if file.exists() else "") + "\n")
    monkeypatch.setattr(module, "build", lambda _project: {"Resources": {"New": {"Type": "AWS::SNS::Topic"}}})

    assert list(expanded(project)["Resources"]) == ["New"]


def test_compiled_files_do_not_count(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = expanded(project)
    (project / "chalicelib" / "__pycache__").mkdir(parents=True)
    (project / "chalicelib" / "__pycache__" / "x.pyc").write_bytes(b"x")
    monkeypatch.setattr(module, "build", lambda _project: pytest.fail("built again"))

    assert expanded(project) == first


def test_old_results_are_deleted(project: Path) -> None:
    expanded(project)
    (project / "cfn" / "outputs.yaml").write_text("Outputs: {}\n")
    expanded(project)

    kept = list((project / ".build").glob("template-*.json"))
    assert len(kept) == 1
    assert "WorkflowApiEndpoint" not in json.loads(kept[0].read_text())["Outputs"]


def test_what_another_process_made_meanwhile_stays_and_may_vanish(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at once took away each other's result between the look and the reading."""
    built = module.build

    def _build(folder: Path) -> module.Template:
        monkeypatch.setattr(module, "build", built)
        expanded(folder)
        return built(folder)

    monkeypatch.setattr(module, "build", _build)
    first = expanded(project)
    [kept] = (project / ".build").glob("template-*.json")
    kept.unlink()

    assert expanded(project) == first
    assert len(list((project / ".build").glob("*"))) == 1
