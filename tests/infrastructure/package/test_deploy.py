"""What `make deploy` and `make destroy` run, by an `aws` that only notes how it is called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infrastructure.package import deploy as module
from infrastructure.package.deploy import deploy, destroy, main
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
TEMPLATE = {
    "Parameters": {"DeletionProtection": {}, "ExternalBucketArn": {}},
    "Resources": {"Table": {"Type": "T", "DeletionPolicy": "Retain"}, "Topic": {"Type": "T"}},
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "mediawright.json").write_text(json.dumps(TEMPLATE))
    return tmp_path / "dist"


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


def test_deploying_uploads_then_deploys_then_shows_the_outputs(dist: Path, calls: Path) -> None:
    given = {**SETTINGS, "PARAMETERS": "DeletionProtection=No ExternalBucketArn='$(id) `id`'"}

    assert deploy(given, dist) == 0

    package, change, show = noted(calls)
    packaged = str(dist / "packaged.json")
    stored = ["--s3-bucket", "my-archives", "--s3-prefix", "mediawright/media", "--region", "eu-west-1"]
    assert package[:4] == ["cloudformation", "package", "--template-file", str(dist / "mediawright.json")]
    assert package[4:] == [*stored, "--use-json", "--output-template-file", packaged]
    assert change[:6] == ["cloudformation", "deploy", "--template-file", packaged, "--stack-name", "media"]
    assert change[6:] == [
        *stored,
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--no-fail-on-empty-changeset"),
        *("--parameter-overrides", "DeletionProtection=No", "ExternalBucketArn=$(id) `id`"),
    ]
    assert show[:4] == ["cloudformation", "describe-stacks", "--stack-name", "media"]
    assert (dist / "packaged.json").read_text() == '{"Resources":{}}'


def test_without_parameters_the_stack_keeps_its_own(dist: Path, calls: Path) -> None:
    deploy(SETTINGS, dist)

    assert not [call for call in noted(calls) if "--parameter-overrides" in call]


def test_nothing_is_deployed_when_the_upload_fails(dist: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILING", "package")

    assert deploy(SETTINGS, dist) == 3

    assert len(noted(calls)) == 1


def test_destroying_says_what_stays_before_it_deletes(
    dist: Path, calls: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert destroy(SETTINGS, dist) == 0

    assert [call[1] for call in noted(calls)] == ["list-stack-resources", "delete-stack", "wait"]
    assert "LogicalResourceId=='Table'" in noted(calls)[0][noted(calls)[0].index("--query") + 1]
    told = capfd.readouterr().out
    assert "These stay, with all that is in them: Table" in told
    assert "DeletionProtection=No" in told


def test_a_stack_that_is_not_there_is_not_deleted(dist: Path, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILING", "list-stack-resources")

    assert destroy(SETTINGS, dist) == 3

    assert [call[1] for call in noted(calls)] == ["list-stack-resources"]


@pytest.mark.parametrize("missing", ["STACK", "BUCKET", "REGION"])
def test_a_missing_variable_is_named_and_nothing_run(dist: Path, calls: Path, missing: str) -> None:
    given = {name: value for name, value in SETTINGS.items() if name != missing}

    with pytest.raises(BadSetting, match=f"^{missing} is missing"):
        deploy(given, dist)

    assert noted(calls) == []


def test_a_missing_aws_cli_is_told(dist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BadSetting, match="AWS CLI is missing"):
        deploy(SETTINGS, dist)


def test_a_missing_package_is_told(tmp_path: Path, calls: Path) -> None:
    with pytest.raises(BadSetting, match="run `make package` first"):
        deploy(SETTINGS, tmp_path)


def test_a_refusal_is_one_line_and_status_2(
    dist: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "DIST", dist)
    monkeypatch.delenv("STACK", raising=False)

    assert main(["deploy"]) == 2

    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "value", ["$(shell touch made)", "$$(touch made)", "'; touch made; '", '"; touch made; "', "`touch made`"]
)
def test_make_hands_on_a_value_without_a_shell_reading_it(value: str, tmp_path: Path) -> None:
    """A copy of the Makefile whose packaging is done, in a folder where `touch` would be seen."""
    text = (REPOSITORY / "Makefile").read_text().replace("deploy: package\n", "deploy:\n")
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
