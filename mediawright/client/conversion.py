"""A media operation done for a file here: uploaded, run through its workflow, and what it made fetched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediawright.client import Client
from mediawright.client.documents import Execution
from mediawright.errors import MediawrightError
from mediawright.media import formats

Told = Callable[[int], None]
"""Told the percentage."""


class ConversionFailed(MediawrightError):
    """The run did not complete, or made nothing. The message says why, `run_id` names it."""

    def __init__(self, run_id: str, reason: str) -> None:
        super().__init__(reason)
        self.run_id = run_id


@dataclass(frozen=True)
class Work:
    """An operation with its parameters: what kind of media it works on, and what kind it makes."""

    operation: str
    media_type: str
    makes: str
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """The one stage of the operation's workflow."""
        return f"_{self.operation}"

    def configuration(self) -> dict[str, Any]:
        """The run's configuration."""
        return {self.stage: {self.operation: {"MediaType": self.media_type, **self.parameters}}}


def convert(client: Client, source: Path, target: Path, work: Work, told: Told) -> Execution:
    """Have the work done and its result written to `target`, which appears whole; return the run.

    Raises ConversionFailed, and what the client raises.
    """
    bucket, key = client.upload(source)
    media = {work.media_type: {"S3Bucket": bucket, "S3Key": key}}
    begun = client.start(workflow=f"Run{work.operation}", media=media, configuration=work.configuration())
    run = client.wait(begun["Id"], lambda now: told(percent(now, work)))
    if run["Status"] != "Complete":
        raise ConversionFailed(run["Id"], str(run.get("Message") or run["Status"]))
    made = run["Globals"]["Media"].get(work.makes)
    if made is None or made["S3Key"] == key:
        raise ConversionFailed(run["Id"], f"the run made no {work.makes}")
    if not formats.is_named_so(Path(made["S3Key"]).suffix, target):
        raise ConversionFailed(run["Id"], f"the run made a {Path(made['S3Key']).suffix} file, not {target.suffix}")
    client.download(made["S3Bucket"], made["S3Key"], target)
    return run


def percent(run: Execution, work: Work) -> int:
    """How far a run is: what its operation tells, 100 when it has completed."""
    if run["Status"] == "Complete":
        return 100
    stage: Any = run.get("Workflow", {}).get("Stages", {}).get(work.stage, {})
    return int(stage.get("Progress", {}).get(work.operation, 0))
