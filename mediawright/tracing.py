"""An operator's part of its run's trace, where the function is traced by AWS X-Ray and brings the X-Ray SDK."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def part(name: str, run_id: str) -> Iterator[None]:
    """A subsegment with the run's id as the annotation `run_id`; nothing at all where nothing is traced.

    Lambda tells by `_X_AMZN_TRACE_ID` whether this invocation is part of the sample.
    """
    sampled = "Sampled=1" in os.environ.get("_X_AMZN_TRACE_ID", "")
    if not sampled or importlib.util.find_spec("aws_xray_sdk") is None:
        yield
        return
    # by its name: nobody who isn't traced needs the package
    recorder = importlib.import_module("aws_xray_sdk.core").xray_recorder
    with recorder.in_subsegment(name) as subsegment:
        if subsegment is not None:
            subsegment.put_annotation("run_id", run_id)
        yield
