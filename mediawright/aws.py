"""The AWS clients of an operator: made once per process, when first needed."""

from __future__ import annotations

from functools import cache
from typing import Any

# A data plane function ends within 120 s: waiting longer than that means never sending a request twice.
_READ_TIMEOUT_SECONDS = 130


@cache
def client(service: str) -> Any:
    """Return the boto3 client of a service, configured from the function's environment."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=_READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 4},
    )
    return boto3.client(service, config=config)  # type: ignore[call-overload]
