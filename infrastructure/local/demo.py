"""`make demo [FILE=...]`: a real workflow on a real file, on an embedded AWS that starts and ends with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from infrastructure.local.embedded import EmbeddedAws
from mediawright import InvalidInput, MediawrightError
from mediawright.cli.collect import write_metadata
from mediawright.cli.progress import follow
from mediawright.client import Client
from mediawright.client.documents import Execution
from operators.media.catalogue import Registration, Workflow, registrations, workflows
from operators.media.kinds import Kind, kind
from operators.media.sample import render_clip

_PROJECT = Path(__file__).resolve().parents[2]
_OUT = Path("out")
_SAMPLE = _PROJECT / ".build" / "sample.mp4"
_SHOWN_CHARACTERS = 160


def main() -> int:
    """Exit status 0 when the run completed, 1 when it didn't, 2 when the file is of no use."""
    console = Console(highlight=False)
    begin = time.monotonic()
    try:
        source = _source(console, os.environ.get("FILE") or " ".join(sys.argv[1:]))
        workflow = workflows()[_kind(source)]
    except OSError as error:
        console.print(f"{error}", style="red", markup=False)
        return 2
    console.print("starting the embedded AWS and deploying the stack ...")
    with EmbeddedAws(port=0, aws_port=0) as aws, Client(aws.api_url) as client:
        console.print(f"deployed in {time.monotonic() - begin:.1f} s: {aws.api_url}")
        try:
            return _demonstrated(console, aws, client, workflow, source)
        except MediawrightError as error:
            console.print(f"{error}", style="red", markup=False)
            return 1


def _source(console: Console, name: str) -> Path:
    if name:
        path = Path(name)
        if path.is_dir():
            raise IsADirectoryError(f"{name} is a folder; FILE is one file")
        if not path.is_file():
            raise FileNotFoundError(f"there is no file {name}")
        if path.stat().st_size == 0:
            raise OSError(f"{name} is empty")
        return path
    _SAMPLE.parent.mkdir(exist_ok=True)
    console.print("no FILE given: rendering a short clip with sound")
    # whole or not at all: another demo may be reading it
    return render_clip(_SAMPLE.with_name(f"sample-{os.getpid()}.mp4")).replace(_SAMPLE)


def _kind(source: Path) -> Kind:
    try:
        return kind(source)
    except InvalidInput as error:
        raise OSError(f"{source} can't be worked on as video, audio, image or text: {error}") from error


def _demonstrated(console: Console, aws: EmbeddedAws, client: Client, workflow: Workflow, source: Path) -> int:
    _register(client, workflow, aws.outputs)
    bucket, key = client.upload(source)
    console.print(f"uploaded {source.name} as {workflow.media_type}; running workflow {workflow.name}", markup=False)
    media = {workflow.media_type: {"S3Bucket": bucket, "S3Key": key}}
    run = follow(client, client.start(workflow.name, media=media)["Id"], console)
    _found(console, run)
    files = _left_behind(client, aws, run)
    console.print(f"\nleft in {_OUT}/:" if files else f"\nnothing is left in {_OUT}/", style="bold")
    for file in files:
        console.print(f"  {file} ({file.stat().st_size:,} bytes)", markup=False)
    return 0 if run["Status"] == "Complete" else 1


def _register(client: Client, workflow: Workflow, outputs: dict[str, str]) -> None:
    """Register the workflow's operations with the functions that the stack has for them, then its stages."""
    known = {registration.name: registration for registration in registrations()}
    for name in dict.fromkeys(name for stage in workflow.stages for name in stage.operations):
        client.create_operation(_operation(known[name], outputs[f"MediaOperator{name}Arn"]))
    for stage in workflow.stages:
        client.create_stage(stage.document())
    client.create_workflow(workflow.document())


def _operation(registration: Registration, arn: str) -> dict[str, Any]:
    return {
        "Name": registration.name,
        "Type": registration.type,
        "Configuration": registration.configuration,
        "ConfigurationSchema": registration.configuration_schema,
        "StartLambdaArn": arn,
    }


def _found(console: Console, run: Execution) -> None:
    """Print the metadata that the operations put into the run."""
    console.print("\nfound:", style="bold")
    for name, value in run["Globals"]["MetaData"].items():
        text = json.dumps(value, ensure_ascii=False)
        cut = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."
        console.print(f"  {name}: {cut}", markup=False, soft_wrap=True)


def _left_behind(client: Client, aws: EmbeddedAws, run: Execution) -> list[Path]:
    """Write what the run made into `out/`: `metadata/` and `media/`, anew at every demo."""
    for folder in ("metadata", "media"):
        shutil.rmtree(_OUT / folder, ignore_errors=True)
        (_OUT / folder).mkdir(parents=True)
    return [*write_metadata(client, run["AssetId"], _OUT / "metadata"), *_media(client, aws, run)]


def _media(client: Client, aws: EmbeddedAws, run: Execution) -> list[Path]:
    """Every derived object under the run's media path, by presigned downloads."""
    place = client.media_path(run["AssetId"], run["Id"])
    listed = aws.client("s3").get_paginator("list_objects_v2")
    pages = listed.paginate(Bucket=place["S3Bucket"], Prefix=place["S3Key"])
    files = []
    for entry in (entry for page in pages for entry in page.get("Contents", [])):
        name = entry["Key"].removeprefix(place["S3Key"])
        if name.endswith(".json"):
            continue
        files.append(client.download(place["S3Bucket"], entry["Key"], _OUT / "media" / name.replace("/", "-")))
    return files


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # ended from outside, it takes the embedded AWS and its workers along just as on Ctrl-C
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
