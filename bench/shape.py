"""The run that is measured: two stages of two no-op operations each, their function in real worker processes."""

from __future__ import annotations

import io
import itertools
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from bench import operators
from infrastructure.local.embedded import EmbeddedAws

WORKFLOW = "bench"


@contextmanager
def engine(cap: int = 20, speed: float = 1.0) -> Iterator[Bench]:
    """An embedded AWS on free ports with the measured workflow registered; its waits are `speed` times as short."""
    with EmbeddedAws(port=0, aws_port=0, speed=speed) as aws:
        bench = Bench(aws)
        bench.prepare(cap)
        yield bench
        bench.http.close()


class Bench:
    """What the measurements do over HTTP, as any client would."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.http = httpx.Client(base_url=aws.api_url, timeout=60, limits=httpx.Limits(max_connections=64))
        self.bucket = aws.outputs["DataplaneBucket"]
        self._functions: dict[str, str] = {}

    def prepare(self, cap: int) -> None:
        """Upload the function and the medium, register operations, stages and the workflow, set the cap."""
        self.aws.client("s3").put_object(Bucket=self.bucket, Key="uploads/bench.mp4", Body=b"bench")
        arn = self.function("noop")
        for stage in ("one", "two"):
            names = [f"noop-{stage}-{letter}" for letter in "ab"]
            for name in names:
                self.register(name, arn)
            self.post("workflow/stage", {"Name": stage, "Operations": names})
        stages = {"one": {"Next": "two"}, "two": {"End": True}}
        self.post("workflow", {"Name": WORKFLOW, "StartAt": "one", "Stages": stages})
        self.cap(cap)

    def cap(self, maximum: int) -> None:
        """Set MaxConcurrentWorkflows."""
        self.post("system/configuration", {"Name": "MaxConcurrentWorkflows", "Value": maximum})

    def register(self, name: str, arn: str, monitor: str | None = None, **members: Any) -> str:
        """Make an operation on video, asynchronous with a monitor; the keywords are members of its Configuration."""
        configuration = {"MediaType": "Video", "Enabled": True, **members}
        body = {"Name": name, "Type": "Sync", "Configuration": configuration, "StartLambdaArn": arn}
        if monitor:
            body |= {"Type": "Async", "MonitorLambdaArn": monitor}
        self.post("workflow/operation", body)
        return name

    def workflow(self, name: str, *operations: str) -> str:
        """Make a workflow with a stage for each of the operations."""
        stages = [f"{name}-{number}" for number in range(1, len(operations) + 1)]
        for stage, operation in zip(stages, operations, strict=True):
            self.post("workflow/stage", {"Name": stage, "Operations": [operation]})
        chain: dict[str, Any] = {stage: {"Next": following} for stage, following in itertools.pairwise(stages)}
        chain[stages[-1]] = {"End": True}
        self.post("workflow", {"Name": name, "StartAt": stages[0], "Stages": chain})
        return name

    def function(self, handler: str) -> str:
        """The ARN of a Lambda function around one of the operators."""
        if handler not in self._functions:
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as code:
                code.write(operators.__file__, "operators.py")
            name = f"bench-{handler.replace('_', '-')}"
            role = self.aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
            answer = self.aws.client("lambda").create_function(
                FunctionName=name,
                Runtime="python3.11",
                Role=role,
                Handler=f"operators.{handler}",
                Timeout=900,
                Code={"ZipFile": archive.getvalue()},
            )
            self._functions[handler] = answer["FunctionArn"]
        return self._functions[handler]

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post and expect success."""
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def submit(self, workflow: str = WORKFLOW) -> str:
        """Post a run and answer its id."""
        media = {"Video": {"S3Bucket": self.bucket, "S3Key": "uploads/bench.mp4"}}
        run_id: str = self.post("workflow/execution", {"Name": workflow, "Input": {"Media": media}})["Id"]
        return run_id

    def wait(self, run_id: str, seconds: float = 60) -> None:
        """Wait until a run is Complete; raises for any other end."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.status(run_id)
            if status == "Complete":
                return
            if status in ("Error", "Canceled"):
                raise RuntimeError(f"run {run_id} ended as {status}")
            time.sleep(0.002)
        raise TimeoutError(run_id)

    def status(self, run_id: str) -> str:
        """A run's status, read where it is stored so that asking costs the engine nothing."""
        return self.facts(run_id)["Status"]

    def facts(self, run_id: str) -> dict[str, str]:
        """The texts among a run's facts, such as when it `Started` and `Ended`."""
        key = {"Id": {"S": run_id}, "Part": {"S": "execution"}}
        answer = self.aws.client("dynamodb").get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return {name: value["S"] for name, value in answer["Item"].items() if "S" in value}

    @property
    def table(self) -> str:
        """The name of the Executions table."""
        return self.aws.outputs["ExecutionsTable"]
