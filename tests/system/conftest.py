"""An embedded AWS for each file of system tests, driven over HTTP as a client would."""

from __future__ import annotations

import io
import itertools
import time
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infrastructure.local.embedded import EmbeddedAws
from infrastructure.local.faults import FAULTS

CODE = Path(__file__).with_name("operators.py")
ENDED = ("Complete", "Error", "Canceled")
SENDER = "jobs@example.com"
PARAMETERS = {
    "WebhookAllowedNetworks": "127.0.0.0/8",
    "NotificationSender": SENDER,
    "JobLimits": "account=100000",
}
"""Receivers of webhooks stand on this machine, jobs are told of by e-mail, and many people come from one address."""


class Engine:
    """The engine under test and what a user does with it."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.http = httpx.Client(base_url=aws.api_url, timeout=60)
        self.bucket = aws.outputs["DataplaneBucket"]
        self._functions: dict[tuple[str, int], str] = {}
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.write(CODE, "kit.py")
        self._archive = archive.getvalue()
        iam = aws.client("iam")
        self._role = iam.create_role(RoleName="kit", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def function(self, handler: str, timeout: int = 30) -> str:
        """The ARN of a Lambda function around one of the operators, made with the ordinary client."""
        if (handler, timeout) not in self._functions:
            answer = self.aws.client("lambda").create_function(
                FunctionName=f"kit-{handler.replace('_', '-')}-{timeout}",
                Runtime="python3.11",
                Role=self._role,
                Handler=f"kit.{handler}",
                Timeout=timeout,
                Code={"ZipFile": self._archive},
            )
            self._functions[handler, timeout] = answer["FunctionArn"]
        return self._functions[handler, timeout]

    def operation(self, handler: str, *, timeout: int = 30, monitor: str | None = None, **members: Any) -> str:
        """Register an operation with a name of its own; the keywords are members of its Configuration."""
        name = f"op-{uuid.uuid4().hex[:12]}"
        body: dict[str, Any] = {
            "Name": name,
            "Type": "Async" if monitor else "Sync",
            "Configuration": {"MediaType": "Video", "Enabled": True, **members},
            "StartLambdaArn": self.function(handler, timeout),
        }
        if monitor:
            body["MonitorLambdaArn"] = self.function(monitor, timeout)
        self.ok("POST", "workflow/operation", body)
        return name

    def stage(self, *operations: str) -> str:
        """Make a stage of operations."""
        name = f"st-{uuid.uuid4().hex[:12]}"
        self.ok("POST", "workflow/stage", {"Name": name, "Operations": list(operations)})
        return name

    def workflow(self, *stages: list[str]) -> str:
        """Make a workflow; each list holds the operations of a stage."""
        names = [self.stage(*operations) for operations in stages]
        chain: dict[str, Any] = {name: {"Next": following} for name, following in itertools.pairwise(names)}
        chain[names[-1]] = {"End": True}
        name = f"wf-{uuid.uuid4().hex[:12]}"
        self.ok("POST", "workflow", {"Name": name, "StartAt": names[0], "Stages": chain})
        return name

    def video(self) -> dict[str, Any]:
        """A run's input: a new video in the data bucket."""
        key = f"uploads/{uuid.uuid4()}.mp4"
        self.aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=b"video")
        return {"Media": {"Video": {"S3Bucket": self.bucket, "S3Key": key}}}

    def start(self, workflow: str, **body: Any) -> str:
        """Post a run."""
        run: str = self.ok("POST", "workflow/execution", {"Name": workflow, "Input": self.video(), **body})["Id"]
        return run

    def run(self, workflow: str, **body: Any) -> dict[str, Any]:
        """Post a run and answer its document once it has ended."""
        return self.ended(self.start(workflow, **body))

    def ended(self, run_id: str, seconds: float = 60) -> dict[str, Any]:
        """The document of a run once it has ended."""
        return self.until(lambda: self.get(run_id), lambda run: run["Status"] in ENDED, seconds)

    def until(self, look: Any, holds: Any, seconds: float = 60) -> Any:
        """What `look` finds once it `holds`; fails after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            found = look()
            if holds(found):
                return found
            assert time.monotonic() < deadline, f"still not after {seconds} s: {found}"
            time.sleep(0.01)

    def get(self, run_id: str) -> dict[str, Any]:
        """A run's document."""
        document: dict[str, Any] = self.ok("GET", f"workflow/execution/{run_id}")
        return document

    def outputs(self, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """All operations' outputs of a run, by operation."""
        stages = run["Workflow"]["Stages"].values()
        return {output["Name"]: output for stage in stages for output in stage.get("Outputs", [])}

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """Ask and expect 200."""
        answer = self.http.request(method, path, json=body)
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def stop_sweeping(self) -> None:
        """Switch the sweep's schedule off, so that nothing passes because the sweep mended it."""
        events = self.aws.client("events")
        schedules = [rule["Name"] for rule in events.list_rules()["Rules"] if "ScheduleExpression" in rule]
        assert schedules
        for name in schedules:
            events.disable_rule(Name=name)

    def cap(self, maximum: int) -> None:
        """Set MaxConcurrentWorkflows."""
        self.ok("POST", "system/configuration", {"Name": "MaxConcurrentWorkflows", "Value": maximum})

    def slots(self) -> list[dict[str, Any]]:
        """The slot items of the global pool."""
        answer = self.aws.client("dynamodb").query(
            TableName=self.aws.outputs["ExecutionsTable"],
            KeyConditionExpression="Id = :id AND begins_with(Part, :slot)",
            ExpressionAttributeValues={":id": {"S": "pool#global"}, ":slot": {"S": "slot#"}},
            ConsistentRead=True,
        )
        items: list[dict[str, Any]] = answer["Items"]
        return items


@pytest.fixture(scope="module")
def running() -> Iterator[Engine]:
    with EmbeddedAws(port=0, aws_port=0, speed=50, parameters=PARAMETERS) as aws:
        engine = Engine(aws)
        engine.stop_sweeping()
        yield engine
        engine.http.close()


@pytest.fixture
def engine(running: Engine) -> Iterator[Engine]:
    """The engine with room for 50 runs and no fault injected."""
    FAULTS.reset()
    running.cap(50)
    yield running
    FAULTS.reset()
    running.aws.wait_idle()
