"""Fetches wheels with pip, by hash, for platforms other than this one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from infrastructure.package.target import Target


class NoWheels(Exception):
    """pip found no wheel for a platform, or one with another hash; the message is pip's."""


def fetch(requirements: Sequence[str], target: Target, cache: Path) -> list[Path]:
    """The wheels of pinned requirements, by name; downloaded once into a folder of `cache`. Raises NoWheels."""
    digest = hashlib.sha256("\n".join([str(target), *requirements]).encode()).hexdigest()[:16]
    kept = cache / f"{target}-{digest}"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            loaded = Path(folder) / "wheels"
            loaded.mkdir()
            _pip(["download", "--dest", str(loaded)], requirements, target)
            _keep(loaded, kept)
    return sorted(kept.glob("*.whl"))


def names(requirements: Sequence[str], target: Target, cache: Path) -> list[str]:
    """The file names of the wheels that pip chooses for a platform; nothing is kept. Raises NoWheels."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        report = Path(folder) / "report.json"
        options = ["install", "--dry-run", "--ignore-installed", "--target", folder, "--report", str(report)]
        _pip(options, requirements, target)
        installed = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted(entry["download_info"]["url"].rsplit("/", 1)[-1] for entry in installed)


def _keep(loaded: Path, kept: Path) -> None:
    """Whole or not at all; when another process was quicker, its folder is as good."""
    try:
        os.rename(loaded, kept)
    except OSError:
        if not kept.exists():
            raise
        shutil.rmtree(loaded)


def _pip(command: list[str], requirements: Sequence[str], target: Target) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(requirements) + "\n")
        file.flush()
        options = ["--quiet", "--no-deps", "--require-hashes", *target.pip_options(), "-r", file.name]
        ran = subprocess.run(
            [sys.executable, "-m", "pip", "--disable-pip-version-check", *command, *options],
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        raise NoWheels(f"pip has no wheels for {target}:\n{ran.stderr.strip()}")
