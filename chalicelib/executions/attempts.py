"""Attempts of a run that are over, as items of the run: `attempt#<number>`, each a JSON document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from chalicelib.aws import objects, transaction
from chalicelib.aws.dynamodb import Item
from chalicelib.aws.transaction import Write
from chalicelib.executions import store
from chalicelib.executions.rollup import Output
from chalicelib.executions.run import Run
from chalicelib.web.documents import compact, stored_document

_PREFIX = "attempt#"


def record(run: Run, outputs: list[Output], who: str) -> dict[str, Any]:
    """What is kept of an attempt: how it went, what it made in the stage that it ended in, and who tried again."""
    facts = {
        "Attempt": run.attempt,
        "Status": run.status.value,
        "CurrentStage": run.stage_name,
        "MachineArn": run.machine_arn,
        "Queued": run.queued,
        "Started": run.started,
        "Ended": run.ended,
        "Message": run.message,
        "EndedBy": run.ended_by,
        "RetriedBy": who,
        "Outputs": outputs,
    }
    return {name: value for name, value in facts.items() if value is not None}


def put(run: Run, outputs: list[Output], who: str) -> Write:
    """Keep the attempt that a retry follows."""
    text = compact(record(run, outputs, who))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    key = f"{store.object_prefix(run.id)}{run.attempt}/attempt-{digest}.json"
    part = f"{_PREFIX}{run.attempt:04}"
    return transaction.put(store.table(), {"Id": run.id, "Part": part, **objects.carried(text, key)})


def parsed(items: Iterable[Item]) -> list[dict[str, Any]]:
    """The kept attempts among a run's items, the first one first."""
    found = [item for item in items if item["Part"].startswith(_PREFIX)]
    texts = [objects.get_text(item["Ref"]) if "Ref" in item else item["Text"] for item in found]
    return [stored_document(text) for text in texts]
