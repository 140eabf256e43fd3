"""Reads lock files: which version of a package a platform gets, and the hashes that its wheel must have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infrastructure.package.target import Target

_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


class NotLocked(Exception):
    """A package has no pinned version for a platform in a lock file."""


def pinned(lock: Path, target: Target) -> dict[str, str]:
    """Every package that a lock file has for a platform: its name, and a requirement with version and hashes."""
    found: dict[str, str] = {}
    for entry in _entries(lock.read_text(encoding="utf-8")):
        requirement = Requirement(entry.split("--hash", 1)[0])
        if requirement.marker is None or requirement.marker.evaluate({**target.marker_environment(), "extra": ""}):
            hashes = " ".join(_HASH.findall(entry))
            found[canonicalize_name(requirement.name)] = f"{requirement.name}{requirement.specifier} {hashes}"
    return found


def chosen(lock: Path, names: Iterable[str], target: Target) -> list[str]:
    """The pinned requirements of these packages. Raises NotLocked."""
    found = pinned(lock, target)
    missing = sorted(name for name in names if name not in found)
    if missing:
        raise NotLocked(f"{lock.name} pins no version of {', '.join(missing)} for {target}")
    return [found[name] for name in sorted(names)]


def _entries(text: str) -> list[str]:
    lines = (line.split(" #")[0] if not line.lstrip().startswith("#") else "" for line in text.splitlines())
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip()]
