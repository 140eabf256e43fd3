"""Listing runs must not depend on how many there are."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from bench.shape import Bench, engine
from bench.table import Row, median_ms, spread
from infrastructure.local.meter import METER

_TOLD_SECONDS = 1_800


def rows() -> Iterator[Row]:
    """50 of 100, then 50 of 10,000."""
    with engine() as bench:
        bench.wait(bench.submit())
        bench.aws.wait_idle()
        pattern = _items(bench)
        for count in (100, 10_000):
            _fill(bench, pattern, count - _count(bench))
            # the publisher tells of the copies, too, and its queries aren't the list's
            bench.aws.wait_idle(_TOLD_SECONDS)
            yield from _measured(bench, count)


def _measured(bench: Bench, count: int) -> Iterator[Row]:
    for view, batches in (("full", 2), ("summary", 1)):
        times = []
        for _ in range(15):
            METER.reset()
            begin = time.perf_counter()
            answer = bench.http.get(f"workflow/execution?limit=50&view={view}")
            times.append(time.perf_counter() - begin)
            if len(answer.raise_for_status().json()) != 50:
                raise RuntimeError("the page is not full")
        counts = METER.snapshot()
        note = f"{spread(times)}; {counts['dynamodb.read_units']:g} read units"
        yield Row(f"listing 50 of {count:,}, {view}", median_ms(times), "ms", 80, note=note)
        yield Row(f"its queries ({count:,}, {view})", counts.get("dynamodb.Query", 0), "", 1)
        yield Row(f"its batch gets ({count:,}, {view})", counts.get("dynamodb.BatchGetItem", 0), "", batches)


def _items(bench: Bench) -> list[dict[str, Any]]:
    run_id = bench.http.get("workflow/execution?view=summary").json()[0]["Id"]
    query = {"TableName": bench.table, "KeyConditionExpression": "Id = :id"}
    found = bench.aws.client("dynamodb").query(**query, ExpressionAttributeValues={":id": {"S": run_id}})
    items: list[dict[str, Any]] = found["Items"]
    return items


def _fill(bench: Bench, pattern: list[dict[str, Any]], count: int) -> None:
    """Runs as the engine stores them, copied: making each by running it would take an hour."""
    for _ in range(count):
        run_id = {"S": str(uuid.uuid4())}
        for item in pattern:
            bench.aws.client("dynamodb").put_item(TableName=bench.table, Item={**item, "Id": run_id})


def _count(bench: Bench) -> int:
    answer = bench.aws.client("dynamodb").query(
        TableName=bench.table,
        IndexName="by-workflow",
        KeyConditionExpression="Workflow = :w",
        ExpressionAttributeValues={":w": {"S": "bench"}},
        Select="COUNT",
    )
    count: int = answer["Count"]
    return count
