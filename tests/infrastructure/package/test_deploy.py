"""What `make deploy` and `make destroy` run, by an `aws` that only notes how it is called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.package import deploy as module
from infrastructure.package.deploy import check, deploy, destroy, main, retained
from infrastructure.package.settings import BadSetting
from tests.infrastructure.sample_project import REPOSITORY

AWS = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if "--output-template-file" in sys.argv:
    with open(sys.argv[-1], "w") as file:
        json.dump({{"Resources": {{}}}}, file, indent=4)
sys.exit(3 if os.environ.get("FAILING") in sys.argv else 0)
"""
SETTINGS = {"STACK": "media", "BUCKET": "my-archives", "REGION": "eu-west-1"}
PARAMETERS = "Parameters: {DeletionProtection: {Type: String}, ExternalBucketArn: {Type: String}}\n"
TABLES = "Resources: {Table: {Type: T, DeletionPolicy: Retain}, Topic: {Type: T}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that was packaged."""
    for name, text in (
        ("cfn/parameters.yaml", PARAMETERS),
        ("cfn/tables.yaml", TABLES),
        ("dist/mediawright.json", "{}"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts the noting `aws` first on the path; the file that it notes in."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "aws").write_text(AWS)
    (tmp_path / "bin" / "aws").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def noted(calls: Path) -> list[list[str]]:
    return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []


def test_deploying_uploads_then_deploys_then_shows_the_outputs(project: Path, calls: Path) -> None:
    given = {**SETTINGS, "PARAMETERS": "DeletionProtection=No ExternalBucketArn='$(id) `id`'"}

    assert deploy(given, project) == 0

    package, change, show = noted(calls)
    packaged = str(project / "dist" / "packaged.json")
    stored = ["--s3-bucket", "my-archives", "--s3-prefix", "mediawright/media", "--region", "eu-west-1"]
    assert package[:4] == ["cloudformation", "package", "--template-file", str(project / "dist" / "mediawright.json")]
    assert package[4:] == [*stored, "--use-json", "--output-template-file", packaged]
    assert change[:6] == ["cloudformation", "deploy", "--template-file", packaged, "--stack-name", "media"]
    assert change[6:] == [
        *stored,
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset"),
        *("--parameter-overrides", "DeletionProtection=No", "ExternalBucketArn=$(id) `id`"),
    ]
    assert show[:4] == ["cloudformation", "describe-stacks", "--stack-name", "media"]
    assert (project / "dist" / "packaged.json").read_text() == '{"Resources":{}}'


def test_without_parameters_the_stack_keeps_its_own(project: Path, calls: Path) -> None:
    deploy(SETTINGS, project)

    assert not [call for call in noted(calls) if "--parameter-overrides" in call]


def test_nothing_is_deployed_when_the_upload_fails(
    project: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILING", "package")

    assert deploy(SETTINGS, project) == 3

    assert len(noted(calls)) == 1


def test_destroying_says_what_stays_before_it_deletes(
    project: Path, calls: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert destroy(SETTINGS, project) == 0

    assert [call[1] for call in noted(calls)] == ["list-stack-resources", "delete-stack", "wait"]
    assert "LogicalResourceId=='Table'" in noted(calls)[0][noted(calls)[0].index("--query") + 1]
    told = capfd.readouterr().out
    assert "These stay, with all that is in them: Table" in told
    assert "DeletionProtection=No" in told


def test_a_stack_that_is_not_there_is_not_deleted(
    project: Path, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAILING", "list-stack-resources")

    assert destroy(SETTINGS, project) == 3

    assert [call[1] for call in noted(calls)] == ["list-stack-resources"]


@pytest.mark.parametrize("missing", ["STACK", "BUCKET", "REGION"])
def test_a_missing_variable_is_named_and_nothing_run(project: Path, calls: Path, missing: str) -> None:
    given = {name: value for name, value in SETTINGS.items() if name != missing}

    for action in (check, deploy):
        with pytest.raises(BadSetting, match=f"^{missing} is missing"):
            action(given, project)

    assert noted(calls) == []


def test_a_missing_aws_cli_is_told(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    for action in (check, deploy):
        with pytest.raises(BadSetting, match="AWS CLI is missing"):
            action(SETTINGS, project)


def test_a_missing_package_is_told(project: Path, calls: Path) -> None:
    (project / "dist" / "mediawright.json").unlink()

    with pytest.raises(BadSetting, match="run `make package` first"):
        deploy(SETTINGS, project)


def test_a_refusal_is_one_line_and_status_2(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "PROJECT", project)
    monkeypatch.delenv("STACK", raising=False)

    assert main(["deploy"]) == 2

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "value", ["$(shell touch made)", "$$(touch made)", "'; touch made; '", '"; touch made; "', "`touch made`"]
)
def test_make_hands_on_a_value_without_a_shell_reading_it(value: str, tmp_path: Path) -> None:
    """A copy of the Makefile without an environment to set up, in a folder where `touch` would be seen."""
    text = (REPOSITORY / "Makefile").read_text().replace("deploy: $(VENV)/.run\n", "deploy:\n")
    (tmp_path / "Makefile").write_text(
        text.replace("$(BIN)/python -m inf", f"PYTHONPATH={REPOSITORY} {sys.executable} -m inf")
    )

    ran = subprocess.run(
        ["make", "deploy", f"STACK={value}", "BUCKET=my-archives", "REGION=eu-west-1"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ran.returncode != 0
    assert "STACK must be a letter" in ran.stderr
    assert not (tmp_path / "made").exists()


def test_tables_and_bucket_are_what_stays() -> None:
    assert {"AssetsTable", "DataBucket", "DefinitionsTable", "ExecutionsTable", "SystemTable"} <= set(
        retained(REPOSITORY / "cfn")
    )
