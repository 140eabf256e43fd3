"""Registering many operations and building many workflows."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.shape import Bench, engine
from bench.table import Row

_OPERATIONS = 200
_WORKFLOWS = 50


def rows() -> Iterator[Row]:
    """200 operations, 50 workflows, and the same workflows again unchanged."""
    with engine() as bench:
        arn = bench.function("noop")
        begin = time.perf_counter()
        for number in range(_OPERATIONS):
            bench.register(f"op-{number}", arn)
        yield Row("registering 200 operations", time.perf_counter() - begin, "s")
        before = _machines(bench)
        for number in range(_WORKFLOWS):
            _workflow(bench, number)
        made = _machines(bench)
        yield Row("machines for 50 workflows of a new stage each", len(made - before), "", 2 * _WORKFLOWS)
        for number in range(_WORKFLOWS):
            bench.http.put("workflow", json=_document(number)).raise_for_status()
        yield Row("machines made for 50 unchanged updates", len(_machines(bench) - made), "", 0)


def _workflow(bench: Bench, number: int) -> None:
    operations = [f"op-{4 * number + offset}" for offset in range(4)]
    bench.post("workflow/stage", {"Name": f"stage-{number}", "Operations": operations})
    bench.post("workflow", _document(number))


def _document(number: int) -> dict[str, object]:
    return {"Name": f"flow-{number}", "StartAt": f"stage-{number}", "Stages": {f"stage-{number}": {"End": True}}}


def _machines(bench: Bench) -> set[str]:
    pages = bench.aws.client("stepfunctions").get_paginator("list_state_machines").paginate()
    return {machine["stateMachineArn"] for page in pages for machine in page["stateMachines"]}
