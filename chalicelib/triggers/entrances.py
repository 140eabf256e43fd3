"""What AWS invokes of this room besides the API."""

from __future__ import annotations

import logging
from typing import Any

from chalicelib.triggers import changes, delivery, store
from chalicelib.web.errors import shown

_LOG = logging.getLogger("mediawright.triggers")


class DeliveriesFailed(Exception):
    """Some triggers could not be served; the others were, and a repeat makes no second run for those."""


def trigger(event: Any) -> dict[str, Any]:
    """The target of rules and schedules, and the subscriber of topics.

    Raises DeliveriesFailed after all were tried, for Lambda to repeat.
    """
    made: list[str] = []
    failures: list[Exception] = []
    delivered = _deliveries(event)
    for found in delivered:
        try:
            run = delivery.deliver(found)
        except Exception as error:  # one trigger of a topic must not keep the others from it, now or at every repeat
            _LOG.exception("a delivery for trigger %s failed", shown(found.trigger_id))
            failures.append(error)
        else:
            made += [run] if run is not None else []
    if failures:
        raise DeliveriesFailed(f"{len(failures)} of {len(delivered)} deliveries failed") from failures[0]
    return {"Runs": made}


def _deliveries(event: Any) -> list[delivery.Delivery]:
    if "Records" in event:
        messages = [record["Sns"] for record in event["Records"]]
        return [
            delivery.of_message(trigger_id, message)
            for message in messages
            for trigger_id in store.of_topic(message["TopicArn"])
        ]
    return [delivery.of_schedule(event) if "Schedule" in event else delivery.of_rule(event)]


def sweeping() -> dict[str, int]:
    """Every five minutes: finish or take back the changes of triggers that crashed."""
    return {"triggers": changes.sweep()}
