"""DynamoDB's JSON as text: binary content travels as base64."""

from __future__ import annotations

import base64
import json
from typing import Any


def dumps(content: Any, sort_keys: bool = False) -> str:
    """Compact JSON of a wire form whose binary content may still be bytes."""
    return json.dumps(content, separators=(",", ":"), sort_keys=sort_keys, default=_binary)


def _binary(content: Any) -> str:
    if isinstance(content, bytes):
        return base64.b64encode(content).decode("ascii")
    raise TypeError(f"{type(content).__name__} is no attribute content")
