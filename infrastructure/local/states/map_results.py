"""What a distributed Map leaves: its children's outputs, as the state's result or as files in S3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.local.states.map_items import s3_client
from infrastructure.local.states.values import dumps

STATUSES = ("FAILED", "PENDING", "SUCCEEDED")
"""What has a list of files in the manifest; aborted and timed out children are among the failed."""


class ResultsUnwritable(Exception):
    """S3 refused a file."""


@dataclass
class Child:
    """One child execution; `items` is how many items its input holds, times are as in the context object."""

    arn: str
    machine: str
    given: Any
    items: int
    status: str = "PENDING"
    started: str = ""
    stopped: str = ""
    output: Any = None
    error: str | None = None
    cause: str | None = None

    @property
    def name(self) -> str:
        """The execution's name."""
        return self.arn.rsplit(":", 1)[-1]

    def record(self) -> dict[str, Any]:
        """The child as files, and results of failed ones, show it."""
        facts: dict[str, Any] = {
            "ExecutionArn": self.arn,
            "Input": dumps(self.given),
            "InputDetails": {"Included": True},
            "Name": self.name,
            "StateMachineArn": self.machine,
            "Status": self.status,
        }
        if self.status == "SUCCEEDED":
            facts |= {"Output": dumps(self.output), "OutputDetails": {"Included": True}}
        texts = {"Error": self.error, "Cause": self.cause, "StartDate": self.started, "StopDate": self.stopped}
        return facts | {name: text for name, text in texts.items() if text}


def results(children: Iterable[Child], transformation: str = "COMPACT") -> list[Any]:
    """The children's results in the order of their items."""
    found: list[Any] = []
    for child in children:
        if transformation == "NONE" or child.status != "SUCCEEDED":
            found.append(child.record())
        elif transformation == "FLATTEN" and isinstance(child.output, list):
            found += child.output
        else:
            found.append(child.output)
    return found


def _file(found: list[Any], kind: str) -> bytes:
    return ("\n".join(map(dumps, found)) if kind == "JSONL" else dumps(found)).encode()


def _by_status(children: list[Child]) -> dict[str, list[Child]]:
    groups: dict[str, list[Child]] = {status: [] for status in STATUSES}
    for child in children:
        groups[child.status if child.status in STATUSES else "FAILED"].append(child)
    return groups


def write(
    region: str, run_arn: str, arguments: dict[str, Any], config: dict[str, Any], children: list[Child]
) -> dict[str, Any]:
    """Write a file for each status and the manifest; the state's result. Raises ResultsUnwritable."""
    bucket, prefix = arguments["Bucket"], str(arguments.get("Prefix") or "").rstrip("/")
    folder = "/".join(filter(None, (prefix, run_arn.rsplit(":", 1)[-1])))
    kind, client = config.get("OutputType", "JSON"), s3_client(region)
    files: dict[str, list[dict[str, Any]]] = {status: [] for status in STATUSES}
    try:
        for status, group in _by_status(children).items():
            if group:
                key, body = (
                    f"{folder}/{status}_0.{kind.lower()}",
                    _file(results(group, config["Transformation"]), kind),
                )
                client.put_object(Bucket=bucket, Key=key, Body=body)
                files[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": run_arn, "ResultFiles": files}
        client.put_object(Bucket=bucket, Key=f"{folder}/manifest.json", Body=dumps(manifest).encode())
    except (ClientError, BotoCoreError) as error:
        raise ResultsUnwritable(str(error)) from error
    return {"MapRunArn": run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": f"{folder}/manifest.json"}}
