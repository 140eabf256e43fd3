"""A stand-in for boto3's Lambda client."""

from __future__ import annotations

import io
import json
from typing import Any


class FakeLambda:
    """Stands for boto3's Lambda client: keeps the events and answers in order, the last answer for ever."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.raw: dict[str, Any] | None = None

    def invoke(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        self.events.append(json.loads(call["Payload"]))
        if self.raw is not None:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(self.raw).encode())}
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"Location": body["Location"]} if status == 303 else {}
        reply = {"statusCode": status, "body": text, "headers": headers}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(reply).encode())}
