"""A batch as people look at it."""

from __future__ import annotations

from typing import Any

from rich.live import Live
from rich.text import Text

from mediawright.cli import render
from mediawright.cli.session import Session
from mediawright.client import ENDED, Client
from mediawright.client.documents import Batch

_REFRESHES_PER_SECOND = 8
_SHOWN = ("Complete", "Error", "Canceled", "Queued", "Started", "Waiting", "Resumed")


def follow(client: Client, batch_id: str, session: Session) -> Batch:
    """Show a batch's counts until it has ended, and return it: on a terminal in place, elsewhere line by line."""
    console = session.console
    if console.is_terminal:
        with Live(console=console, refresh_per_second=_REFRESHES_PER_SECOND) as live:
            batch = client.wait_batch(batch_id, lambda now: live.update(Text(line(now))))
    else:
        batch = client.wait_batch(batch_id, lambda now: session.say(line(now)))
    for text in bad_lines(batch):
        session.say(text)
    return batch


def line(batch: Batch) -> str:
    """Return a batch in one line."""
    why = f": {batch['Message']}" if batch.get("Message") else ""
    return render.plain(f"batch {batch['Id']}: {batch['Status']}, {counted(batch)}{why}")


def counted(batch: Batch) -> str:
    """Return how many items a batch has and how their runs are doing."""
    counts = batch["Counts"]
    ended = sum(counts[status] for status in ENDED)
    total = "?" if counts["Total"] is None else counts["Total"]
    told = [f"{counts[status]} {status}" for status in _SHOWN if counts[status]]
    if counts["Refused"]:
        told.append(f"{counts['Refused']} refused")
    return ", ".join([f"{ended} of {total} ended", *told])


def bad_lines(batch: Batch) -> list[str]:
    """Return a line for each of the first items of which no run is made, and where the others are told."""
    told = batch.get("BadLines", [])
    lines = [f"{_where(item)}: {item['Message']}" for item in told]
    if told and len(told) < (batch["Counts"]["Refused"] or 0):
        place = batch["BadLinesObject"]
        lines.append(f"all of them: s3://{place['S3Bucket']}/{place['S3Key']}")
    return lines


def is_fine(batch: Batch) -> bool:
    """Tell whether a batch has run on all that it was to run on; items that it was told to skip don't matter."""
    counts = batch["Counts"]
    total, refused = counts["Total"], counts["Refused"]
    # a batch that is checked knows both; objects that are gone by the time of a retry may have runs besides
    is_whole = total is not None and refused is not None and counts["Submitted"] >= total - refused
    is_taken = not refused or batch.get("OnBadLine") == "skip"
    is_good = batch["Status"] == "Complete" and not counts["Error"] and not counts["Canceled"]
    return is_good and is_whole and is_taken


def facts(batch: Batch) -> list[list[Any]]:
    """Return what a table of one batch shows."""
    place = batch.get("Manifest") or batch.get("Prefix") or {}
    where = f" s3://{place['S3Bucket']}/{place.get('S3Key', place.get('S3Prefix'))}" if place else ""
    rows: list[list[Any]] = [
        ["Batch", batch["Id"]],
        ["Workflow" if "Name" in batch else "Stage", batch.get("Name", batch.get("Stage"))],
        ["Source", f"{batch['Source']}{where}"],
        ["Status", batch["Status"]],
        ["Message", batch.get("Message")],
        ["Runs", counted(batch)],
        ["Created", f"{render.moment(batch['Created'])} by {batch.get('CreatedBy', '')}"],
        ["Ended", render.moment(batch["Ended"]) if "Ended" in batch else None],
        ["Retries", batch.get("Retries") or None],
    ]
    bad = [["Refused", text] for text in bad_lines(batch)]
    return [row for row in rows if row[1] is not None] + bad


def _where(item: dict[str, Any]) -> str:
    return f"line {item['Line']}" if "Line" in item else str(item.get("Key", "an item"))
