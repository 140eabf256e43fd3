"""Following a run or a batch to its end, and the exit status that it gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import typer

from mediawright.cli import batch_view, progress
from mediawright.cli.session import Session

_Document = TypeVar("_Document")


def run_to_end(session: Session, run_id: str) -> None:
    """Follow a run. Exits with 1 unless it completes."""
    client = session.client
    run = _followed(
        session,
        f"The run goes on: mediawright run follow {run_id}",
        lambda: client.wait(run_id) if session.as_json else progress.follow(client, run_id, session.console),
    )
    if run["Status"] != "Complete":
        raise typer.Exit(1)


def batch_to_end(session: Session, batch_id: str) -> None:
    """Follow a batch. Exits with 1 unless all of its runs complete."""
    client = session.client
    batch = _followed(
        session,
        f"The batch goes on: mediawright batch follow {batch_id}",
        lambda: client.wait_batch(batch_id) if session.as_json else batch_view.follow(client, batch_id, session),
    )
    if not batch_view.is_fine(batch):
        raise typer.Exit(1)


def _followed(session: Session, goes_on: str, follow: Callable[[], _Document]) -> _Document:
    try:
        document = follow()
    except KeyboardInterrupt:
        session.errors.print(goes_on, soft_wrap=True)
        raise typer.Exit(1) from None
    if session.as_json:
        session.show(document)
    return document
