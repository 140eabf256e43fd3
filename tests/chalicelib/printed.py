"""What the engine printed: documents, a line each, beside whatever else a test's process prints."""

from __future__ import annotations

import json
from typing import Any


def documents(text: str) -> list[dict[str, Any]]:
    """The printed documents."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def total(text: str, metric: str) -> int:
    """How much a metric counted altogether."""
    return sum(document.get(metric, 0) for document in documents(text) if "_aws" in document)
