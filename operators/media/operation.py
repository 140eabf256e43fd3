"""What every operator here does around its work: fetch the file, keep the time, keep the results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mediawright import InvalidInput, Task, media
from operators.media.deadline import Deadline

WITHOUT_LAMBDA_SECONDS = 600.0
RESERVE_SECONDS = 5.0
"""What stays for uploading and answering, or for saying that the time was not enough."""


def schema_beside(handler: str) -> dict[str, Any]:
    """Return the Configuration's schema that lies beside a handler's module (`__file__`)."""
    text = Path(handler).with_name("configuration.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def deadline(task: Task) -> Deadline:
    """Return a deadline that comes before Lambda's."""
    remaining = task.remaining_seconds()
    return Deadline(WITHOUT_LAMBDA_SECONDS if remaining is None else max(1.0, remaining - RESERVE_SECONDS))


def fetched(task: Task) -> Path:
    """Download the media to work on, under a name of ours. Raises InvalidInput when it is empty."""
    path = task.download(path=task.directory / "source")
    if path.stat().st_size == 0:
        raise InvalidInput("the media file is empty")
    return path


def parameters(task: Task, operation: str) -> dict[str, Any]:
    """Return a media operation's parameters, checked and complete. Raises InvalidInput naming one."""
    own = {name: value for name, value in task.configuration.items() if name not in ("MediaType", "Enabled")}
    try:
        return media.check(operation, own)
    except media.InvalidParameter as fault:
        # the engine knows by the name of its class that a fault is for good
        raise InvalidInput(str(fault)) from None


def watcher(task: Task, seconds: float | None) -> Callable[[float], None]:
    """Return what takes the seconds done so far and reports the percentage; nothing when the whole is unknown."""

    def watch(done: float) -> None:
        if seconds:
            task.progress(100 * done / seconds)

    return watch


def publish(task: Task, media_type: str, path: Path, content_type: str | None = None) -> dict[str, Any]:
    """Upload a file that was made and hand it on as media of a type; returns where it lies.

    The content type follows from the name's ending where none is given.
    """
    bucket, key = task.upload(path, content_type=content_type)
    task.add_media(media_type, bucket, key)
    return {"S3Bucket": bucket, "S3Key": key, "Bytes": path.stat().st_size}


def some(results: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return those of the results that are named and there."""
    return {key: results[key] for key in keys if key in results}


def report(task: Task, results: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    """Keep the results in the data plane; hand on the summary, under the operation's name."""
    task.store_metadata(results)
    task.add_metadata({task.name: dict(summary)})
