"""Batches over HTTP and the embedded AWS: from the request to the last run's end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.system.conftest import Engine

ROOT = Path(__file__).resolve().parents[2]
PATH = "workflow/execution/batch"
OVER = ("Complete", "Rejected", "Failed", "Canceled")


def begin(engine: Engine, workflow: str, **body: Any) -> str:
    batch_id: str = engine.ok("POST", PATH, {"Name": workflow, **body})["Id"]
    return batch_id


def get(engine: Engine, batch_id: str) -> dict[str, Any]:
    document: dict[str, Any] = engine.ok("GET", f"{PATH}/{batch_id}")
    return document


def over(engine: Engine, batch_id: str, seconds: float = 120) -> dict[str, Any]:
    """A batch once it is over and all its runs are counted."""
    document: dict[str, Any] = engine.until(
        lambda: get(engine, batch_id), lambda batch: batch["Status"] in OVER and not live(batch), seconds
    )
    return document


def live(batch: dict[str, Any]) -> int:
    return sum(batch["Counts"][status] for status in ("Queued", "Started", "Waiting", "Resumed"))


def runs(engine: Engine, batch_id: str) -> list[dict[str, Any]]:
    """All runs of a batch, page by page."""
    found: list[dict[str, Any]] = []
    path: str | None = f"{PATH}/{batch_id}/runs?limit=1000"
    while path:
        answer = engine.http.get(path)
        assert answer.status_code == 200
        found += answer.json()
        path = answer.links.get("next", {}).get("url", "").removeprefix("/api/") or None
    return found


def put(engine: Engine, key: str, body: bytes = b"video") -> dict[str, str]:
    engine.aws.client("s3").put_object(Bucket=engine.bucket, Key=key, Body=body)
    return {"S3Bucket": engine.bucket, "S3Key": key}


def item(place: dict[str, str]) -> dict[str, Any]:
    return {"Input": {"Media": {"Video": place}}}


def manifest(engine: Engine, name: str, lines: list[str]) -> dict[str, str]:
    return put(engine, f"lists/{name}.jsonl", "\n".join(lines).encode())


def test_a_thousand_inline_inputs_make_a_thousand_runs(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    place = put(engine, "batch/thousand.mp4")

    batch_id = begin(engine, workflow, Inputs=[item(place)] * 1000)
    batch = over(engine, batch_id, 300)

    assert batch["Status"] == "Complete"
    assert {name: number for name, number in batch["Counts"].items() if number} == {
        "Total": 1000,
        "Submitted": 1000,
        "Complete": 1000,
    }
    assert sorted(run["Line"] for run in runs(engine, batch_id)) == list(range(1, 1001))


def test_a_manifest_with_bad_lines_is_rejected_with_each_line_named(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    good = json.dumps(item(put(engine, "batch/good.mp4")))
    lines = [good] * 3000
    bad = {7: "{", 1500: json.dumps(item({"S3Bucket": engine.bucket, "S3Key": "gone.mp4"})), 3000: "[]"}
    for number, text in bad.items():
        lines[number - 1] = text

    batch = over(engine, begin(engine, workflow, Manifest=manifest(engine, "rejected", lines)), 300)

    assert batch["Status"] == "Rejected"
    assert [line["Line"] for line in batch["BadLines"]] == sorted(bad)
    assert (batch["Counts"]["Total"], batch["Counts"]["Submitted"], batch["Counts"]["Refused"]) == (3000, 0, 3)
    place = batch["BadLinesObject"]
    told = engine.aws.client("s3").get_object(Bucket=place["S3Bucket"], Key=place["S3Key"])["Body"].read()
    assert [json.loads(line)["Line"] for line in told.splitlines()] == sorted(bad)
    assert runs(engine, batch["Id"]) == []


def test_a_manifest_with_bad_lines_runs_the_rest_when_asked(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    good = json.dumps(item(put(engine, "batch/good.mp4")))
    place = manifest(engine, "skipped", [good, "{", *[good] * 148, '{"Input": {}}'])

    batch = over(engine, begin(engine, workflow, Manifest=place, OnBadLine="skip"))

    assert batch["Status"] == "Complete"
    assert [line["Line"] for line in batch["BadLines"]] == [2, 151]
    assert (batch["Counts"]["Complete"], batch["Counts"]["Refused"]) == (149, 2)


def test_every_object_under_a_prefix_is_run(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    keys = [put(engine, f"prefix/{number:03}.mp4")["S3Key"] for number in range(120)]
    put(engine, "prefix/", b"")

    prefix = {"S3Bucket": engine.bucket, "S3Prefix": "prefix/"}
    batch = over(engine, begin(engine, workflow, Prefix=prefix))

    assert (batch["Status"], batch["Counts"]["Complete"]) == ("Complete", 120)
    assert sorted(run["Key"] for run in runs(engine, batch["Id"])) == keys


def test_an_idempotency_key_makes_one_batch(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    body = {"Name": workflow, "Inputs": [item(put(engine, "batch/good.mp4"))]}
    headers = {"Idempotency-Key": workflow}

    answers = [engine.http.post(PATH, json=body, headers=headers) for _ in range(2)]
    other = engine.http.post(PATH, json={**body, "Priority": 1}, headers=headers)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json()["Id"] for answer in answers}) == 1
    assert other.status_code == 409
    assert len(runs(engine, over(engine, answers[0].json()["Id"])["Id"])) == 1


def test_canceling_a_batch_cancels_what_hasnt_ended_and_a_retry_takes_it_up_again(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    place = put(engine, "batch/good.mp4")
    engine.cap(1)
    batch_id = begin(engine, workflow, Inputs=[item(place)] * 300)
    engine.until(lambda: get(engine, batch_id), lambda batch: batch["Counts"]["Complete"] > 0)

    engine.ok("POST", f"{PATH}/{batch_id}/cancel", {"Reason": "too many"})
    canceled = over(engine, batch_id)

    assert (canceled["Status"], canceled["Message"]) == ("Canceled", "Canceled: too many")
    assert canceled["Counts"]["Canceled"] > 0
    assert canceled["Counts"]["Complete"] + canceled["Counts"]["Canceled"] == canceled["Counts"]["Submitted"]
    engine.cap(50)
    engine.ok("POST", f"{PATH}/{batch_id}/retry")
    retried = over(engine, batch_id)
    assert (retried["Status"], retried["Retries"]) == ("Complete", 1)
    assert (retried["Counts"]["Submitted"], retried["Counts"]["Complete"]) == (300, 300)
    assert sorted(run["Line"] for run in runs(engine, batch_id)) == list(range(1, 301))


def test_more_failures_than_tolerated_end_the_batch(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("raises")])
    place = put(engine, "batch/good.mp4")
    engine.cap(1)

    batch = over(engine, begin(engine, workflow, Inputs=[item(place)] * 100, ToleratedFailurePercentage=5))

    assert batch["Status"] == "Failed"
    assert "more than the tolerated 5 %" in batch["Message"]
    assert 6 <= batch["Counts"]["Error"] < 100
    assert batch["Counts"]["Error"] + batch["Counts"]["Canceled"] == batch["Counts"]["Submitted"]


def test_the_example_of_the_documentation(engine: Engine) -> None:
    workflow = engine.workflow([engine.operation("echo")])
    good = json.dumps(item(put(engine, "batch/good.mp4")))
    place = manifest(engine, "example", [good, good, '{"Input": {}}', good])
    command = [sys.executable, "docs/examples/batch.py", workflow, engine.bucket, place["S3Key"]]
    environment = {**os.environ, "MEDIAWRIGHT_ENDPOINT": engine.aws.api_url}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Complete {'Total': 4, 'Submitted': 3" in done.stdout
    assert "line 3: Input: an object with AssetId or Media is expected" in done.stdout
    assert "docs/examples/batch.py" in (ROOT / "docs" / "batches.md").read_text(encoding="utf-8")
