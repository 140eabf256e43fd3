"""What arrives from a trigger's source becomes a run, once, however often it is delivered.

The run's id follows from the trigger and from what names the event at its source, so a second delivery finds the run
that is there. What can't become a run (a workflow that is gone, an object that vanished, a busy asset) is noted on
the trigger and not tried again; whatever may pass by itself is raised, so that Lambda delivers it again.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import Any

from chalicelib.assets import media_types
from chalicelib.aws import clock, objects, transaction
from chalicelib.executions import store as runs
from chalicelib.executions import submit
from chalicelib.triggers import mapping, store
from chalicelib.triggers.trigger import Document, Failure, Trigger, origin
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError, MediawrightError, shown
from chalicelib.web.validation import validate

_LOG = logging.getLogger("mediawright.triggers")
_NOTED_SECONDS = 10
_MESSAGE_CHARACTERS = 1_000


@dataclass(frozen=True)
class Delivery:
    """An event for a trigger. `identity` names the event at its source: equal for every delivery of it."""

    trigger_id: str
    identity: str
    event: Document


def of_rule(payload: Document) -> Delivery:
    """What a rule hands over: the event wrapped with the trigger's id."""
    event = payload["Event"]
    return Delivery(payload["Trigger"], _object_identity(event) or str(event["id"]), event)


def of_schedule(payload: Document) -> Delivery:
    """What a schedule hands over: when it was to fire."""
    schedule = payload["Schedule"]
    return Delivery(payload["Trigger"], str(schedule["ScheduledTime"]), schedule)


def of_message(trigger_id: str, message: Document) -> Delivery:
    """What a topic hands over, for one of the topic's triggers; a Message that is JSON is read as such."""
    event = {name: message.get(name) for name in ("MessageId", "TopicArn", "Subject", "Timestamp")}
    return Delivery(trigger_id, str(message["MessageId"]), {**event, "Message": _content(str(message["Message"]))})


def deliver(delivery: Delivery) -> str | None:
    """Make the event's run, and answer its id; None when there is to be none. Raises what may pass by itself."""
    trigger = store.read(delivery.trigger_id)
    if trigger is None or not trigger.enabled or not _concerns(trigger, delivery.event):
        _LOG.info("an event for trigger %s starts nothing", shown(delivery.trigger_id))
        return None
    run_id = str(uuid.uuid5(uuid.UUID(trigger.id), delivery.identity))
    try:
        _make(trigger, delivery.event, run_id)
    except MediawrightError as error:
        if error.status >= 500:
            raise
        # what an earlier delivery worked on may be gone or busy by now
        if runs.read(run_id) is None:
            _note(store.note_failure(trigger.id, Failure(str(error)[:_MESSAGE_CHARACTERS], clock.now())))
            return None
    if _is_news(trigger):
        _note(store.note_run(trigger.id, run_id, clock.now()))
    return run_id


def _make(trigger: Trigger, event: Document, run_id: str) -> None:
    body: Document = {
        "Name": trigger.document["Workflow"],
        "Input": _input(trigger, event),
        **{name: trigger.document[name] for name in ("Configuration", "Priority") if name in trigger.document},
    }
    validate("executions/create_execution", body)
    submit.submit(body, origin=submit.Origin(trigger=origin(trigger.id), run_id=run_id))


def _input(trigger: Trigger, event: Document) -> Document:
    if trigger.kind != "S3":
        given: Document = mapping.resolved(trigger.document["Input"], event)
        return given
    bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    media_type = trigger.source.get("MediaType") or _media_type(bucket, key)
    return {"Media": {media_type: {"S3Bucket": bucket, "S3Key": key}}}


def _media_type(bucket: str, key: str) -> str:
    found = objects.head(bucket, key)
    if found is None:
        raise BadRequestError(f"S3: the object {shown(f's3://{bucket}/{key}')} has vanished")
    media_type = media_types.inferred(found.get("ContentType", ""), key)
    if media_type is None:
        where = shown(f"s3://{bucket}/{key}")
        raise BadRequestError(f"S3.MediaType: neither content type nor key tell what {where} is; give a MediaType")
    return media_type


def _concerns(trigger: Trigger, event: Document) -> bool:
    """An S3 trigger's event is judged again: its rule may be older or newer than its item for a moment."""
    if trigger.kind != "S3":
        return True
    bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    source = trigger.source
    return (
        bucket == source["Bucket"]
        and key.startswith(source.get("Prefix", ""))
        and key.endswith(source.get("Suffix", ""))
        # the marker of a folder is no medium
        and not key.endswith("/")
    )


def _object_identity(event: Document) -> str | None:
    """S3 may tell of one write in two events with ids of their own; the sequencer is the write's."""
    if event.get("source") != "aws.s3" or event.get("detail-type") != "Object Created":
        return None
    place = event["detail"]["object"]
    names = (event["detail"]["bucket"]["name"], place["key"], place.get("version-id", ""), place.get("sequencer", ""))
    return documents.compact(names) if place.get("sequencer") else None


def _content(text: str) -> Any:
    try:
        return documents.parse(text)
    except BadRequestError:
        return text


def _is_news(trigger: Trigger) -> bool:
    """Whether the item is to be written: a busy trigger's isn't for each of its runs."""
    last = trigger.last_fired
    return last is None or clock.epoch(clock.now()) - clock.epoch(last) >= _NOTED_SECONDS


def _note(write: transaction.Write) -> None:
    try:
        transaction.commit([write])
    except store.TriggerGone:
        _LOG.info("a trigger was deleted while it fired")
