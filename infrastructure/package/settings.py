"""What `make deploy` and `make destroy` are told, checked before anything is run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Mapping
from dataclasses import dataclass

_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


class BadSetting(Exception):
    """A variable is missing or can't be what it is for; the message names it."""


@dataclass(frozen=True)
class StackPlace:
    """A stack and where it is."""

    stack: str
    region: str


def stack_place(environment: Mapping[str, str]) -> StackPlace:
    """STACK and REGION. Raises BadSetting."""
    return StackPlace(
        _matching(environment, "STACK", _STACK, "a letter, then letters, digits and hyphens, 128 characters at most"),
        _matching(environment, "REGION", _REGION, "an AWS Region such as eu-west-1"),
    )


def bucket(environment: Mapping[str, str]) -> str:
    """BUCKET, which archives and templates are uploaded to. Raises BadSetting."""
    return _matching(environment, "BUCKET", _BUCKET, "the name of an S3 bucket of yours in that Region")


def parameters(environment: Mapping[str, str], known: Container[str]) -> list[str]:
    """PARAMETERS, split at spaces as a shell would: each `Name=Value` of a name in `known`. Raises BadSetting."""
    try:
        given = shlex.split(environment.get("PARAMETERS", ""))
    except ValueError as error:
        raise BadSetting(f"PARAMETERS can't be split: {error}") from error
    for assignment in given:
        name, equals, _ = assignment.partition("=")
        if not equals:
            raise BadSetting(f"PARAMETERS must be Name=Value, not {assignment!r}")
        if name not in known:
            raise BadSetting(f"the template has no parameter {name!r}")
    return given


def _matching(environment: Mapping[str, str], name: str, pattern: re.Pattern[str], meaning: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise BadSetting(f"{name} is missing: {meaning}")
    if not pattern.fullmatch(value):
        raise BadSetting(f"{name} must be {meaning}, not {value!r}")
    return value
