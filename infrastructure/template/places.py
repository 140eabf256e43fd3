"""Where the templates say that code lies, in the working tree or in archives beside them, and what runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RUNTIME = "python3.12"


@dataclass(frozen=True)
class Places:
    """Values for the engine's `CodeUri`, the operators' stack's `TemplateURL`, and `Code` of any other archive."""

    engine: str
    library: str
    archive: Callable[[str], Any]
    architecture: str = "x86_64"
    images: bool = True
    """Whether operators that ask for the container image run in it."""


WORKING_TREE = Places(
    engine="s3://working-tree/engine.zip",
    library="https://working-tree.s3.amazonaws.com/operators.json",
    archive=lambda name: {"S3Bucket": "working-tree", "S3Key": f"{name}.zip"},
    images=False,
)
"""Addresses of the right form where nothing lies: the embedded AWS reads the working tree, for images too."""


def beside(architecture: str) -> Places:
    """Paths beside the templates, which `aws cloudformation package` uploads and replaces by addresses."""
    return Places("engine.zip", "operators.json", lambda name: f"{name}.zip", architecture)
