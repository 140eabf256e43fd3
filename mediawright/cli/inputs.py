"""What commands that make runs have in common: where media lie, what is configured, when something was."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from mediawright.cli import bodies


class Status(StrEnum):
    """What a run may be."""

    QUEUED = "Queued"
    STARTED = "Started"
    WAITING = "Waiting"
    RESUMED = "Resumed"
    COMPLETE = "Complete"
    ERROR = "Error"
    CANCELED = "Canceled"


Configuration = Annotated[
    str | None, typer.Option(help='Overrides by stage and operation: {"stage": {"op": {...}}}, or @FILE.')
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="STAGE.OPERATION.MEMBER=VALUE", help="One override, over --configuration; any number."
    ),
]
Priority = Annotated[int | None, typer.Option(min=0, max=9, help="9 is the most urgent; 5 unless told.")]


def _key(text: str | None) -> str | None:
    """An empty one is most likely a variable that was never set, and would make each repetition anew."""
    if text == "":
        raise typer.BadParameter("the key is empty")
    return text


Key = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key", callback=_key, help="Sent again with this key, it makes nothing new for a day."
    ),
]

_PLACE = re.compile(r"s3://([^/]+)/(.+)", re.DOTALL)
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def overrides(configuration: str | None, members: list[str] | None) -> dict[str, Any] | None:
    """Return the configuration by stage and operation that both options make; None when neither was given."""
    given = bodies.from_text(configuration, "--configuration")
    if not members:
        return given
    made = dict(given or {})
    for text in members:
        stage, operation, member, value = _override(text)
        stages = dict(made.get(stage) or {})
        made[stage] = {**stages, operation: {**(stages.get(operation) or {}), member: value}}
    return made


def place(text: str, option: str) -> tuple[str, str]:
    """Return the bucket and the key of `s3://bucket/key`."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise typer.BadParameter(f"{option}: s3://BUCKET/KEY is expected, not {text!r}")
    return found[1], found[2]


def media(given: list[str] | None, option: str = "--media") -> dict[str, dict[str, str]] | None:
    """Return the media of `TYPE=s3://bucket/key`, one each; None when there is none."""
    made = {}
    for text in given or []:
        kind, equals, where = text.partition("=")
        if not kind or not equals:
            raise typer.BadParameter(f"{option}: TYPE=s3://BUCKET/KEY is expected, not {text!r}")
        bucket, key = place(where, option)
        made[kind] = {"S3Bucket": bucket, "S3Key": key}
    return made or None


def moment(text: str | None, now: datetime | None = None) -> str | None:
    """Return a time as the API takes it: `8h`, `3d`, `30m` are so long ago; anything else is handed on."""
    ago = _AGO.fullmatch(text or "")
    if ago is None:
        return text
    return ((now or datetime.now(UTC)) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})).isoformat()


def value(text: str) -> Any:
    """Return what a text on the command line stands for: JSON, or else the text itself."""
    try:
        return bodies.parsed(text)
    except ValueError:
        return text


def _override(text: str) -> tuple[str, str, str, Any]:
    name, equals, given = text.partition("=")
    path = name.split(".", 2)
    if not equals or len(path) != 3 or not all(path):
        raise typer.BadParameter(f"--set: STAGE.OPERATION.MEMBER=VALUE is expected, not {text!r}")
    return path[0], path[1], path[2], value(given)
