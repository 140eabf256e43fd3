"""The only maker of AWS clients: one of each per process, made when first used."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

_LOCK = threading.RLock()


@cache
def _config() -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=3,
        read_timeout=6,
        retries={"mode": "standard", "max_attempts": 3},
        max_pool_connections=32,
        user_agent_extra="mediawright",
    )


@cache
def _made(service: str) -> Any:
    import boto3

    config = _config()
    if service == "s3":
        from botocore.config import Config

        # the regional host: a presigned URL of the global one is redirected, which breaks its signature
        config = config.merge(Config(signature_version="s3v4", s3={"addressing_style": "virtual"}))
    make: Any = boto3.client
    return make(service, config=config)


def client(service: str) -> Any:
    """The process's client of an AWS service, such as `dynamodb`."""
    with _LOCK:
        return _made(service)


def patient_client(service: str) -> Any:
    """A client that waits as long as a Lambda function may run, and never asks twice by itself."""
    with _LOCK:
        return _made_patient(service)


@cache
def _made_patient(service: str) -> Any:
    import boto3
    from botocore.config import Config

    patient = Config(read_timeout=900, retries={"mode": "standard", "total_max_attempts": 1})
    make: Any = boto3.client
    return make(service, config=_config().merge(patient))


def code(error: Any) -> str:
    """AWS's code of a ClientError. The classes under `client.exceptions` are made when first used, which isn't safe
    between threads."""
    told: str = error.response["Error"]["Code"]
    return told


def forget() -> None:
    """Drop all clients, for tests that change the world under them."""
    with _LOCK:
        _made.cache_clear()
        _made_patient.cache_clear()
