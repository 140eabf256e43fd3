from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from fake_api import FakeApi

from mediawright.cli.groups import hoisted
from mediawright.version import __version__

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]


def test_the_configuration_is_kept_and_the_environment_and_options_win(
    api: FakeApi, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on("GET", "/version", {"ApiVersion": "3.0.0", "FrameworkVersion": "1"})
    monkeypatch.delenv("MEDIAWRIGHT_ENDPOINT")

    assert run("config", "get", "endpoint").exit_code == 1
    assert run("config", "set", "endpoint", "http://127.0.0.1:1/").exit_code == 0
    assert run("config", "get", "endpoint").stdout == "http://127.0.0.1:1/\n"
    assert json.loads(run("config", "get", "--json").stdout) == {"endpoint": "http://127.0.0.1:1/"}
    assert json.loads(run("version", "--json", "--endpoint", api.endpoint).stdout)["ApiVersion"] == "3.0.0"
    monkeypatch.setenv("MEDIAWRIGHT_ENDPOINT", api.endpoint)
    assert json.loads(run("version", "--json").stdout)["Endpoint"] == api.endpoint
    run("config", "set", "endpoint", "")
    assert json.loads(run("config", "get", "--json").stdout) == {}


def test_a_broken_configuration_file_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    monkeypatch.setenv("MEDIAWRIGHT_CONFIG", str(tmp_path / "broken.json"))

    result = run("config", "get")

    assert (result.exit_code, "broken.json is not JSON" in result.stderr) == (2, True)


def test_the_settings_of_the_system_are_read_and_changed(api: FakeApi, run: Run) -> None:
    api.on("GET", "/system/configuration", [{"Name": "MaxConcurrentWorkflows", "Value": 5}])
    api.on("POST", "/system/configuration", {})

    assert run("config", "get", "--system").stdout == "MaxConcurrentWorkflows\t5\n"
    assert run("config", "set", "MaxConcurrentWorkflows", "7", "--system").exit_code == 0
    assert api.requests[-1].json == {"Name": "MaxConcurrentWorkflows", "Value": 7}


def test_a_stack_tells_the_endpoint_by_its_outputs(api: FakeApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3
    from moto import mock_aws

    monkeypatch.delenv("MEDIAWRIGHT_ENDPOINT")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    api.on("GET", "/version", {"ApiVersion": "3.0.0", "FrameworkVersion": "1"})
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"WorkflowApiEndpoint": {"Value": api.endpoint}},
    }
    with mock_aws():
        boto3.client("cloudformation").create_stack(StackName="mine", TemplateBody=json.dumps(template))

        assert json.loads(run("version", "--stack", "mine", "--json").stdout)["ApiVersion"] == "3.0.0"
        result = run("op", "list", "--stack", "yours")
        assert (result.exit_code, "outputs of stack 'yours' cannot be read" in result.stderr) == (2, True)


def test_the_version_is_told_even_when_nobody_answers(api: FakeApi, run: Run) -> None:
    api.close()

    result = run("version", "--json")

    assert (result.exit_code, json.loads(result.stdout)) == (0, {"Client": __version__, "Endpoint": api.endpoint})


def test_the_package_and_the_module_have_one_version() -> None:
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("run w f --json", "--json run w f"),
        ("op list --endpoint x --json", "--endpoint x --json op list"),
        ("op list --endpoint=x", "--endpoint=x op list"),
        ("run start -- --json f", "run start -- --json f"),
        ("op list --endpoint", "--endpoint op list"),
    ],
)
def test_options_of_the_whole_command_may_stand_anywhere(words: str, read: str) -> None:
    assert hoisted(words.split()) == read.split()


def test_the_module_runs_as_a_program(api: FakeApi) -> None:
    api.on("GET", "/version", {"ApiVersion": "3.0.0", "FrameworkVersion": "1"})

    done = subprocess.run(
        [sys.executable, "-m", "mediawright", "version", "--endpoint", api.endpoint, "--json"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )

    assert json.loads(done.stdout)["ApiVersion"] == "3.0.0"
