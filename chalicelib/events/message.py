"""What is told of a change: one document for the topic, the event bus and webhooks alike.

The first seven members are the old engine's message (contract chapter 8.8), in its order; the others are ours.
"""

from __future__ import annotations

from chalicelib.aws.clock import epoch
from chalicelib.definitions.stage_input import Globals
from chalicelib.executions.changes import Change
from chalicelib.executions.document import old_time
from chalicelib.executions.plan import Override
from chalicelib.executions.run import Document
from chalicelib.web.documents import compact

SOURCE = "mediawright"
DETAIL_TYPE = "Workflow Execution Status Change"
MAX_BYTES = 200_000
"""Of the message as the topic gets it. SNS, SQS and EventBridge take 256 KiB, their own envelopes included."""

LARGE = ("Globals", "Configuration")
"""What a message that is too large refers to, in this order, until it fits."""


def document(change: Change, carried: tuple[Globals, Override] | None) -> Document:
    """The event of a change; without Globals and Configuration when the run is gone already."""
    run = change.run
    told: Document = {
        "EventTimestamp": epoch(run.changed),
        "WorkflowExecutionId": run.id,
        "AssetId": run.asset_id,
        "Status": run.status.value,
    }
    if carried is not None:
        told["Globals"], told["Configuration"] = carried
    told |= {
        "Created": old_time(run.created),
        "EventId": change.event_id,
        "Sequence": run.sequence,
        "PreviousStatus": change.previous.value if change.previous else None,
        "Workflow": {"Name": run.workflow},
        "Trigger": run.trigger,
        "Attempt": run.attempt,
    }
    return told | {name: value for name, value in (("Batch", run.batch), ("Message", run.message)) if value}


def topic_message(told: Document) -> str:
    """The document as SNS's `json` message structure carries it: JSON text within JSON."""
    return compact({"default": compact(told)})


def fits(told: Document) -> bool:
    """Whether every carrier takes the document; the topic's form of it is the longest."""
    return len(topic_message(told)) <= MAX_BYTES
