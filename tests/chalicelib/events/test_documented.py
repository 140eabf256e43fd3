"""What docs/events.md shows is what the engine does."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from chalicelib.events import deliveries, message, signature
from chalicelib.executions.changes import Change
from chalicelib.executions.statuses import Status
from tests.chalicelib.events import runs

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "events.md").read_text(encoding="utf-8")
BODY = '{"Status":"Complete","Text":"\\u00e9"}'
SECRET = "a secret of some length"


def block(language: str, word: str) -> str:
    """The page's code block of a language with a word in it."""
    [found] = [text for text in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if word in text]
    return str(found)


@pytest.fixture
def is_genuine() -> Any:
    names: dict[str, Any] = {}
    exec(block("python", "is_genuine"), names)
    return names["is_genuine"]


def test_the_documented_check_believes_what_the_engine_signs_and_nothing_else(is_genuine: Any) -> None:
    now = int(time.time())
    headers = signature.headers(SECRET, "e-1", now, BODY)
    old = signature.headers(SECRET, "e-1", now - 400, BODY)

    assert is_genuine(headers, BODY.encode(), SECRET)
    assert not is_genuine(headers, BODY.encode() + b" ", SECRET)
    assert not is_genuine(headers, BODY.encode(), SECRET + "x")
    assert not is_genuine({**headers, "X-Mediawright-Timestamp": str(now + 1)}, BODY.encode(), SECRET)
    assert not is_genuine({**headers, "X-Mediawright-Signature": "v1="}, BODY.encode(), SECRET)
    assert not is_genuine(old, BODY.encode(), SECRET)


def test_the_documented_check_has_at_most_ten_lines() -> None:
    code = [line for line in block("python", "is_genuine").splitlines() if line.strip()]

    assert len(code) <= 10


def test_the_documented_event_has_the_members_of_a_real_one() -> None:
    failed = runs.failed(runs.run())

    told = message.document(Change(failed, Status.STARTED), ({"Media": {}, "MetaData": {}}, {}))

    assert list(json.loads(block("json", "EventTimestamp"))) == list(told)


def test_the_documented_pauses_are_the_real_ones() -> None:
    minutes = [pause / 60 for pause in deliveries.PAUSES]

    assert minutes == [1, 5, 15, 60, 180, 360, 720]
    assert "after 1, 5 and 15 minutes, then 1,\n3, 6 and 12 hours" in PAGE
    assert deliveries.MOST_ATTEMPTS == 8
    assert "After the eighth attempt" in PAGE
