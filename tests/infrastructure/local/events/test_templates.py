"""An InputTransformer's template gets the values that AWS documents, and stays JSON whatever they hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infrastructure.local.events.templates import transformed

RULE = "arn:aws:events:us-east-1:123456789012:rule/mine"
EVENT: dict[str, Any] = {
    "id": "1",
    "source": "my.app",
    "detail": {"name": 'a "quoted"\nname', "size": 5, "tags": ["x", "y"], "none": None},
}


@pytest.mark.parametrize(
    ("template", "paths", "made"),
    [
        ('{"n": <name>}', {"name": "$.detail.name"}, {"n": EVENT["detail"]["name"]}),
        ('{"n": "is <name>"}', {"name": "$.detail.name"}, {"n": "is " + EVENT["detail"]["name"]}),
        ('"<name> has <size>"', {"name": "$.source", "size": "$.detail.size"}, "my.app has 5"),
        ('{"s": <size>, "t": <tag>}', {"size": "$.detail.size", "tag": "$.detail.tags[1]"}, {"s": 5, "t": "y"}),
        ('{"all": <tags>}', {"tags": "$.detail.tags"}, {"all": ["x", "y"]}),
        ('{"gone": <gone>, "in": "<gone>"}', {"gone": "$.detail.missing"}, {"gone": None, "in": ""}),
        ('{"e": <aws.events.event.json>}', {}, {"e": EVENT}),
        ('{"e": <aws.events.event>}', {}, {"e": {"id": "1", "source": "my.app"}}),
        ('["<aws.events.rule-arn>", <aws.events.rule-name>]', {}, [RULE, "mine"]),
        ('"a \\"<id>\\" <unknown>"', {"id": "$.id"}, 'a "1" <unknown>'),
    ],
)
def test_placeholders_are_replaced(template: str, paths: dict[str, str], made: Any) -> None:
    assert json.loads(transformed(template, paths, EVENT, RULE)) == made
