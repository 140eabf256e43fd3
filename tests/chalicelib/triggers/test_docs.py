"""docs/triggers.md: every example is a trigger that can be made."""

from __future__ import annotations

import json
import re
from pathlib import Path

from chalicelib.aws.clients import client
from chalicelib.triggers.trigger import KINDS
from tests.chalicelib.api import Api

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "triggers.md").read_text(encoding="utf-8")


def test_every_example_can_be_made(api: Api, topic: str) -> None:
    names = {"Preview": "flow", "DATA_BUCKET": "test-data", "TOPIC_ARN": topic}
    made = []
    for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL):
        for name, value in names.items():
            text = text.replace(name, value)
        reply = api("POST", "/workflow/trigger", json.loads(text))
        assert reply.status == 200, reply.body
        made.append(reply.body["Kind"])

    assert made == list(KINDS)
    assert len(client("events").list_rules()["Rules"]) == 2
