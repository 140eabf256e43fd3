"""Bringing files into the stack's bucket."""

from __future__ import annotations

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


def uploaded(session: Session, file: Path) -> MediaObject:
    """Upload a file, with a bar on a terminal, and return where it lies."""
    if session.as_json or not session.console.is_terminal:
        bucket, key = session.client.upload(file)
    else:
        bucket, key = _shown(session, file)
    return {"S3Bucket": bucket, "S3Key": key}


def _shown(session: Session, file: Path) -> tuple[str, str]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Progress(*columns, console=session.console, transient=True) as bar:
        task = bar.add_task(render.plain(f"Uploading {file.name}"), total=file.stat().st_size)
        return session.client.upload(file, on_progress=lambda sent, _: bar.update(task, completed=sent))
