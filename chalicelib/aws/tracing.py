"""Traces by the AWS X-Ray SDK, the only place that knows it. Without `EnableXrayTrace` it isn't even imported.

The SDK is in maintenance and ends in 2027; whatever follows it is to be put here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from chalicelib.aws.settings import settings

RUN = "run_id"
"""The annotation by which the traces of a run are found."""


@contextmanager
def part(name: str, run_id: str | None = None) -> Iterator[None]:
    """A subsegment of the invocation's trace, with the requests to AWS that are made within it."""
    if not settings().traces:
        yield
        return
    with _recorder().in_subsegment(name) as subsegment:
        if subsegment is not None and run_id is not None:
            subsegment.put_annotation(RUN, run_id)
        yield


def annotate(run_id: str) -> None:
    """Say that the innermost part is about a run."""
    if settings().traces:
        subsegment = _recorder().current_subsegment()
        if subsegment is not None:
            subsegment.put_annotation(RUN, run_id)


@cache
def _recorder() -> Any:
    from aws_xray_sdk.core import patch, xray_recorder

    # where nothing is traced, such as beyond the sample, that is no reason to fail
    xray_recorder.configure(context_missing="IGNORE_ERROR")
    patch(("botocore",))
    return xray_recorder
