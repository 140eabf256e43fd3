"""SNS: brings a topic's messages to functions and queues in the form that AWS documents.

moto would invoke a function inside Publish and sign every message with a certificate made for it; here functions are
invoked asynchronously and the signature is a mere placeholder. Other protocols stay moto's.
Source: the Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"; the SNS guide,
"HTTP/HTTPS notification JSON format" and "Dead-letter queues".
"""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import moto.sns.models as moto_sns

from infrastructure.local.clock import CLOCK
from infrastructure.local.events.rules import Invoker
from infrastructure.local.faults import FAULTS
from infrastructure.local.queues import send_to_queue

UNSIGNED = "EXAMPLE"

_TOPIC: Any = moto_sns.Topic
_SUBSCRIPTION: Any = moto_sns.Subscription
_ORIGINAL: dict[str, Any] = {}
_LOCK = threading.Lock()
_current: Topics | None = None


@dataclass(frozen=True)
class Message:
    """One published message; attributes as moto keeps them, name -> {Type, Value}."""

    id: str
    topic_arn: str
    text: str
    subject: str | None
    attributes: Mapping[str, Any]
    timestamp: str

    def envelope(self) -> dict[str, Any]:
        """What a queue without raw delivery gets."""
        envelope = {"Type": "Notification", "MessageId": self.id, "TopicArn": self.topic_arn}
        if self.subject:
            envelope["Subject"] = self.subject
        signed = {"SignatureVersion": "1", "Signature": UNSIGNED, "SigningCertURL": UNSIGNED}
        whole = {**envelope, "Message": self.text, "Timestamp": self.timestamp, **signed, "UnsubscribeURL": UNSIGNED}
        return {**whole, "MessageAttributes": dict(self.attributes)} if self.attributes else whole

    def record(self, subscription_arn: str) -> dict[str, Any]:
        """What a function gets."""
        sns = {
            "Type": "Notification",
            "MessageId": self.id,
            "TopicArn": self.topic_arn,
            "Subject": self.subject,
            "Message": self.text,
            "Timestamp": self.timestamp,
            "SignatureVersion": "1",
            "Signature": UNSIGNED,
            "SigningCertUrl": UNSIGNED,
            "UnsubscribeUrl": UNSIGNED,
            "MessageAttributes": dict(self.attributes),
        }
        record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": subscription_arn}
        return {**record, "Sns": sns}


class Topics:
    """Delivers to subscriptions; thread-safe."""

    def __init__(self, functions: Invoker) -> None:
        self._functions = functions

    def deliver(self, subscription: Any, message: Message) -> None:
        """Bring a message to one subscription of moto's, twice when told."""
        for _ in range(1 + (random.random() < FAULTS.duplicate_notifications)):
            if not self._reached(subscription, message):
                _dead_letter(subscription, message)

    def _reached(self, subscription: Any, message: Message) -> bool:
        if subscription.protocol == "sqs":
            return _to_queue(subscription, message)
        if not self._functions.exists(subscription.endpoint):
            return False
        event = {"Records": [message.record(subscription.arn)]}
        self._functions.invoke_async(subscription.endpoint, json.dumps(event).encode())
        return True

    def stop(self) -> None:
        """Leave topics to moto again."""
        global _current
        with _LOCK:
            if _current is self:
                _current = None


def install(functions: Invoker) -> Topics:
    """Take over moto's deliveries to functions and queues; the latest call counts."""
    global _current
    with _LOCK:
        if not _ORIGINAL:
            for owner, name, replacement in (
                (_TOPIC, "publish", _publish),
                (_SUBSCRIPTION, "publish", _publish_to),
            ):
                _ORIGINAL[owner.__name__] = getattr(owner, name)
                setattr(owner, name, replacement)
        _current = Topics(functions)
        return _current


def _publish(self: Any, message: str, subject: str | None = None, **more: Any) -> str:
    """moto would keep every message that was ever sent."""
    if _current is None:
        return str(_ORIGINAL["Topic"](self, message, subject=subject, **more))
    message_id = str(uuid.uuid4())
    for subscription in list(self.sns_backend.subscriptions.values()):
        if subscription.topic is self:
            subscription.publish(message, message_id, subject=subject, **more)
    return message_id


def _publish_to(self: Any, message: str, message_id: str, subject: str | None = None, **more: Any) -> None:
    if _current is None or self.protocol not in ("sqs", "lambda") or self.topic.fifo_topic:
        _ORIGINAL["Subscription"](self, message, message_id, subject=subject, **more)
        return
    attributes = more.get("message_attributes") or {}
    matcher = self._filter_policy_matcher
    if matcher is not None and not matcher.matches(attributes, message):
        return
    if more.get("message_structure") == "json":
        message = self._parse_message_structure(message, self.protocol)
    whole = Message(message_id, self.topic.arn, message, subject, attributes, _timestamp())
    _current.deliver(self, whole)


def _to_queue(subscription: Any, message: Message) -> bool:
    if str(subscription.attributes.get("RawMessageDelivery")).lower() != "true":
        return send_to_queue(subscription.endpoint, json.dumps(message.envelope()))
    texts = {name: str(one["Value"]) for name, one in message.attributes.items()}
    return send_to_queue(subscription.endpoint, message.text, texts)


def _dead_letter(subscription: Any, message: Message) -> None:
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    if "deadLetterTargetArn" in policy:
        send_to_queue(policy["deadLetterTargetArn"], json.dumps(message.envelope()))


def _timestamp() -> str:
    return datetime.fromtimestamp(CLOCK.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
