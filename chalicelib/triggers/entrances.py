"""What AWS invokes of this room besides the API."""

from __future__ import annotations

from typing import Any

from chalicelib.triggers import changes, delivery, store


def trigger(event: Any) -> dict[str, Any]:
    """The target of rules and schedules, and the subscriber of topics. Raises what may pass, for Lambda to repeat."""
    return {"Runs": [run for found in _deliveries(event) if (run := delivery.deliver(found)) is not None]}


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
