"""The run that is measured: two stages of two no-op operations each, their function in real worker processes."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from infrastructure.local.embedded import EmbeddedAws

_CODE = "def handle(event, context):\n    return {**event, 'Status': 'Complete'}\n"
WORKFLOW = "bench"


@contextmanager
def engine(cap: int = 20) -> Iterator[Bench]:
    """An embedded AWS on free ports with the measured workflow registered."""
    with EmbeddedAws(port=0, aws_port=0) as aws:
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

    def prepare(self, cap: int) -> None:
        """Upload the function and the medium, register operations, stages and the workflow, set the cap."""
        self.aws.client("s3").put_object(Bucket=self.bucket, Key="uploads/bench.mp4", Body=b"bench")
        arn = self._function()
        for stage in ("one", "two"):
            names = [f"noop-{stage}-{letter}" for letter in "ab"]
            for name in names:
                self.register(name, arn)
            self.post("workflow/stage", {"Name": stage, "Operations": names})
        stages = {"one": {"Next": "two"}, "two": {"End": True}}
        self.post("workflow", {"Name": WORKFLOW, "StartAt": "one", "Stages": stages})
        self.post("system/configuration", {"Name": "MaxConcurrentWorkflows", "Value": cap})

    def register(self, name: str, arn: str) -> None:
        """Make a synchronous operation on video."""
        configuration = {"MediaType": "Video", "Enabled": True}
        body = {"Name": name, "Type": "Sync", "Configuration": configuration, "StartLambdaArn": arn}
        self.post("workflow/operation", body)

    def _function(self) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("noop.py", _CODE)
        role = self.aws.client("iam").create_role(RoleName="bench", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        answer = self.aws.client("lambda").create_function(
            FunctionName="bench-noop",
            Runtime="python3.11",
            Role=role,
            Handler="noop.handle",
            Code={"ZipFile": archive.getvalue()},
        )
        arn: str = answer["FunctionArn"]
        return arn

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Post and expect success."""
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def submit(self) -> str:
        """Post a run and answer its id."""
        media = {"Video": {"S3Bucket": self.bucket, "S3Key": "uploads/bench.mp4"}}
        run_id: str = self.post("workflow/execution", {"Name": WORKFLOW, "Input": {"Media": media}})["Id"]
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
        key = {"Id": {"S": run_id}, "Part": {"S": "execution"}}
        table = self.aws.outputs["ExecutionsTable"]
        answer = self.aws.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
        status: str = answer["Item"]["Status"]["S"]
        return status
