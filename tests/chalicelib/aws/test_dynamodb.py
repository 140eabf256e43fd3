"""Counting and ranges of a partition."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import dynamodb, transaction
from chalicelib.aws.clients import client

pytestmark = pytest.mark.usefixtures("aws")


def put(partition: str, *sorts: str) -> None:
    for sort in sorts:
        transaction.commit([transaction.put("Executions", {"Id": partition, "Part": sort, "Text": "x" * 1000})])


def test_a_count_is_of_one_partition() -> None:
    put("a", "1", "2", "3")
    put("b", "1")

    assert dynamodb.count("Executions", dynamodb.equals("Id", "a")) == 3
    assert dynamodb.count("Executions", dynamodb.equals("Id", "nobody")) == 0
    assert dynamodb.count("Executions", dynamodb.begins(("Id", "a"), ("Part", "2"))) == 1


def test_a_count_goes_over_all_pages_strongly_consistent(monkeypatch: pytest.MonkeyPatch) -> None:
    put("a", *(f"{number:02}" for number in range(7)))
    real = client("dynamodb").query
    asked: list[dict[str, Any]] = []

    def paged(**request: Any) -> Any:
        asked.append(request)
        return real(**request, Limit=3)

    monkeypatch.setattr(client("dynamodb"), "query", paged)

    assert dynamodb.count("Executions", dynamodb.equals("Id", "a")) == 7
    assert len(asked) == 3
    assert all(request["ConsistentRead"] and request["Select"] == "COUNT" for request in asked)


def test_a_range_begins_with_its_least_value() -> None:
    put("a", "1", "2", "3")
    put("b", "2")

    found = dynamodb.query("Executions", dynamodb.since(("Id", "a"), ("Part", "2")), consistent=True)

    assert [item["Part"] for item in found] == ["2", "3"]
