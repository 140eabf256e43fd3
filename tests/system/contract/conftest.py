"""What the walk through the HTTP contract of Media Insights needs on top of the engine."""

from __future__ import annotations

import io
import itertools
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.conftest import Engine

ROOT = Path(__file__).resolve().parents[3]
OLD_CODE = Path(__file__).with_name("old_operators.py")
HELPERS = ("mediawright", "MediaInsightsEngineLambdaHelper")
CODES = {400: "BadRequestError", 404: "NotFoundError", 409: "ConflictError", 410: "GoneError"}


def fresh(prefix: str = "x") -> str:
    """A name that nobody has."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def refused(answer: httpx.Response, status: int, *words: str) -> str:
    """The message of a refusal with the old engine's body; it must contain the words."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text[:500]}"
    body = answer.json()
    assert list(body) == ["Code", "Message", "RequestId"], body
    assert body["Code"] == CODES[status]
    assert body["RequestId"]
    message: str = body["Message"]
    for word in words:
        assert word in message, f"{word!r} is not in {message!r}"
    return message


def pages(engine: Engine, path: str) -> list[httpx.Response]:
    """All pages of a list, following the Link headers."""
    found = [engine.http.get(path)]
    while True:
        answer = found[-1]
        assert answer.status_code == 200, answer.text
        following = answer.links.get("next")
        if following is None:
            return found
        assert len(found) < 100, "the links lead nowhere"
        found.append(engine.http.get(httpx.URL(engine.aws.api_url).join(following["url"])))


def settled(engine: Engine) -> None:
    """Wait until no run is queued or running and nothing else is under way."""
    for status in ("Queued", "Started"):
        engine.until(
            lambda status=status: engine.ok("GET", f"workflow/execution/status/{status}"), lambda runs: not runs
        )
    engine.aws.wait_idle()


def everything(engine: Engine) -> dict[str, Any]:
    """All that is stored: what a dry run and a refusal must leave as it is."""
    settled(engine)
    dynamodb, s3, states = (engine.aws.client(service) for service in ("dynamodb", "s3", "stepfunctions"))
    stored: dict[str, Any] = {}
    for name in (output for output in engine.aws.outputs if output.endswith("Table")):
        pages = dynamodb.get_paginator("scan").paginate(TableName=engine.aws.outputs[name])
        # the stack's secret is made by whoever needs it first
        items = [item for page in pages for item in page["Items"] if item.get("Kind") != {"S": "secret"}]
        stored[name] = sorted(json.dumps(item, sort_keys=True) for item in items)
    listed = s3.get_paginator("list_object_versions").paginate(Bucket=engine.bucket)
    stored["objects"] = sorted(
        entry["VersionId"] + entry["Key"] for page in listed for entry in page.get("Versions", [])
    )
    machines = states.get_paginator("list_state_machines").paginate()
    stored["machines"] = sorted(entry["stateMachineArn"] for page in machines for entry in page["stateMachines"])
    return stored


def keys(engine: Engine, prefix: str) -> list[str]:
    """The keys of the data bucket below a prefix."""
    found = engine.aws.client("s3").list_objects_v2(Bucket=engine.bucket, Prefix=prefix)
    return [entry["Key"] for entry in found.get("Contents", [])]


def uploaded(engine: Engine, key: str, content_type: str = "binary/octet-stream") -> dict[str, str]:
    """Put an object into the data bucket; answers where it is."""
    engine.aws.client("s3").put_object(Bucket=engine.bucket, Key=key, Body=b"media", ContentType=content_type)
    return {"S3Bucket": engine.bucket, "S3Key": key}


def asset(engine: Engine) -> str:
    """The id of a new asset."""
    place = uploaded(engine, f"uploads/{uuid.uuid4()}.mp4")
    asset_id: str = engine.ok("POST", "create", {"Input": {"MediaType": "Video", **place}})["AssetId"]
    return asset_id


def workflow_of(engine: Engine, *stages: str) -> str:
    """A workflow of stages that are there already."""
    name = fresh("wf")
    chain: dict[str, Any] = {stage: {"Next": following} for stage, following in itertools.pairwise(stages)}
    chain[stages[-1]] = {"End": True}
    engine.ok("POST", "workflow", {"Name": name, "StartAt": stages[0], "Stages": chain})
    return name


class OldOperators:
    """Lambda functions around operators of the old engine, each zip with the helper packages in it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._arns: dict[tuple[str, bool], str] = {}
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.write(OLD_CODE, "old_operators.py")
            for package in HELPERS:
                for file in sorted((ROOT / package).rglob("*.py")):
                    code.write(file, str(file.relative_to(ROOT)))
        self._archive = archive.getvalue()
        iam = engine.aws.client("iam")
        self._role = iam.create_role(RoleName="old-operators", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def function(self, handler: str, *, configured: bool = True) -> str:
        """The ARN of a function; `configured` says whether its environment names the data plane."""
        if (handler, configured) not in self._arns:
            handler_arn = self._engine.aws.outputs["DataPlaneHandlerArn"]
            # the old stack put the function's name here, in spite of the variable's name
            environment = {"DataplaneEndpoint": handler_arn.rpartition(":")[2]} if configured else {}
            answer = self._engine.aws.client("lambda").create_function(
                FunctionName=f"old-{handler.replace('_', '-')}-{'configured' if configured else 'bare'}",
                Runtime="python3.11",
                Role=self._role,
                Handler=f"old_operators.{handler}",
                Timeout=30,
                Environment={"Variables": environment},
                Code={"ZipFile": self._archive},
            )
            self._arns[handler, configured] = answer["FunctionArn"]
        return self._arns[handler, configured]

    def operation(
        self, handler: str, monitor: str | None = None, *, name: str = "", configured: bool = True, **members: Any
    ) -> str:
        """Register an operation around one of the handlers; the keywords are members of its Configuration."""
        body: dict[str, Any] = {
            "Name": name or fresh("old"),
            "Type": "Async" if monitor else "Sync",
            "Configuration": {"MediaType": "Video", "Enabled": True, **members},
            "StartLambdaArn": self.function(handler, configured=configured),
        }
        if monitor:
            body["MonitorLambdaArn"] = self.function(monitor)
        registered: str = self._engine.ok("POST", "workflow/operation", body)["Name"]
        return registered


@pytest.fixture(scope="module")
def old_operators(running: Engine) -> OldOperators:
    """What makes operations out of the old engine's operators."""
    return OldOperators(running)


class Gate:
    """Operations that don't end before the test says so, which keeps their run live."""

    def __init__(self, operators: OldOperators, file: Path) -> None:
        self._operators = operators
        self._file = file

    def operation(self) -> str:
        """Register an operation that waits at the gate."""
        return self._operators.operation("waits_for_file", File=str(self._file))

    def open(self) -> None:
        """Let all operations through, now and later."""
        self._file.touch()


@pytest.fixture
def gate(old_operators: OldOperators, tmp_path: Path) -> Any:
    """A gate that is opened at the end in any case, so that no run is left waiting."""
    gate = Gate(old_operators, tmp_path / "open")
    yield gate
    gate.open()


@pytest.fixture
def untouched(engine: Engine) -> Any:
    """The engine; fails when the test has changed anything that is stored."""
    before = everything(engine)
    yield engine
    assert everything(engine) == before
