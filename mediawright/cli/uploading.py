"""Bringing files into the stack's bucket."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from mediawright.cli import render
from mediawright.cli.media_types import media_type as guessed
from mediawright.cli.session import Session
from mediawright.client.documents import MediaObject


def checked_type(file: Path, media_type: str | None) -> str:
    """Return the media type that is told, or that a file's name tells. Raises BadParameter when nothing does."""
    kind = media_type or guessed(file)
    if kind is None:
        raise typer.BadParameter(f"the name of {file.name} doesn't tell what it is: give --media-type")
    return kind


def uploaded(session: Session, file: Path, idempotency_key: str | None = None) -> MediaObject:
    """Upload a file, with a bar on a terminal, and return where it lies.

    With an idempotency key the same file gets the same place, so that the request that names it is the same too.
    """
    place = f"upload/{_digest(file, idempotency_key)}/{file.name}" if idempotency_key else None
    if session.as_json or not session.console.is_terminal:
        bucket, key = session.client.upload(file, place)
    else:
        bucket, key = _shown(session, file, place)
    return {"S3Bucket": bucket, "S3Key": key}


def _digest(file: Path, idempotency_key: str) -> uuid.UUID:
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{digest}/{idempotency_key}")


def _shown(session: Session, file: Path, place: str | None) -> tuple[str, str]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=session.console, transient=True) as bar:
        task = bar.add_task(render.plain(f"Uploading {file.name}"), total=file.stat().st_size)
        return session.client.upload(file, place, on_progress=lambda sent, _: bar.update(task, completed=sent))
