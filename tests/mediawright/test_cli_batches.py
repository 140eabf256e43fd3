from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fake_api import FakeApi, Received, Reply

Run = Callable[..., Result]
STATUSES = ("Queued", "Started", "Waiting", "Resumed", "Complete", "Error", "Canceled")


def batch(status: str, refused: int | None = 0, **members: Any) -> dict[str, Any]:
    runs = {name: members.pop(name, 0) for name in STATUSES}
    total = members.pop("Total", 3)
    counts = {"Total": total, "Submitted": sum(runs.values()), **runs, "Refused": refused}
    facts = {"Id": "b", "Name": "w", "Created": "1700000000.1", "CreatedBy": "me", "Source": "Inputs"}
    return {**facts, "Status": status, "OnBadLine": "reject", "Counts": counts, "Retries": 0, **members}


CHECKING = batch("Checking", None, Total=None)
RUNNING = batch("Running", Complete=1, Started=2)
COMPLETE = batch("Complete", Complete=3)
FAILED = batch("Complete", Complete=2, Error=1)
SKIPPED = batch("Complete", 1, Complete=2, OnBadLine="skip", BadLines=[{"Line": 3, "Message": "Input is missing"}])


def posted(api: FakeApi) -> Received:
    return next(
        request for request in reversed(api.requests) if request.method == "POST" and "execution" in request.path
    )


@pytest.fixture
def engine(api: FakeApi) -> FakeApi:
    api.with_bucket()
    api.on("POST", "/workflow/execution/batch", CHECKING)
    api.on("GET", "/workflow/execution/batch/b", [Reply(CHECKING), Reply(RUNNING), Reply(COMPLETE)])
    return api


@pytest.mark.parametrize("words", [("batch",), ("run", "batch"), ("batch", "start")])
def test_files_are_uploaded_run_and_counted(
    engine: FakeApi, run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    files = [tmp_path / "a.mp4", tmp_path / "b.txt"]
    for file in files:
        file.write_text(file.name)

    result = run(*words, "w", *files)

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "batch b: Checking, 0 of ? ended",
        "batch b: Running, 1 of 3 ended, 1 Complete, 2 Started",
        "batch b: Complete, 3 of 3 ended, 3 Complete",
    ]
    inputs = [entry["Input"]["Media"] for entry in posted(engine).json["Inputs"]]
    assert [list(media) for media in inputs] == [["Video"], ["Text"]]
    assert engine.objects[inputs[1]["Text"]["S3Key"]] == b"b.txt"


def test_assets_manifests_and_prefixes(engine: FakeApi, run: Run, tmp_path: Path) -> None:
    run("batch", "w", "--asset", "a", "--asset", "b", "-d")
    assert posted(engine).json == {
        "Name": "w",
        "Inputs": [{"Input": {"AssetId": "a"}}, {"Input": {"AssetId": "b"}}],
    }
    words = ["--priority", 2, "--tolerate", 10, "--skip-bad", "--set", "look.a.x=1", "--idempotency-key", "k"]
    assert run("batch", "w", "--manifest", "s3://b/lists/night.jsonl", *words, "-d").stdout == "b\n"
    assert posted(engine).headers["Idempotency-Key"] == "k"
    assert posted(engine).json == {
        "Name": "w",
        "Manifest": {"S3Bucket": "b", "S3Key": "lists/night.jsonl"},
        "Configuration": {"look": {"a": {"x": 1}}},
        "Priority": 2,
        "ToleratedFailurePercentage": 10,
        "OnBadLine": "skip",
    }
    run("batch", "--prefix", "s3://b/in/", "--media-type", "Video", "s", "--alone", "-d")
    assert posted(engine).json == {
        "Stage": "s",
        "Prefix": {"S3Bucket": "b", "S3Prefix": "in/", "MediaType": "Video"},
    }


def test_a_manifest_of_this_machine_is_uploaded(engine: FakeApi, run: Run, tmp_path: Path) -> None:
    (tmp_path / "night.jsonl").write_text('{"Input": {"AssetId": "a"}}\n')

    run("batch", "w", "--manifest", tmp_path / "night.jsonl", "-d")

    place = posted(engine).json["Manifest"]
    assert place["S3Bucket"] == "data"
    assert engine.objects[place["S3Key"]] == b'{"Input": {"AssetId": "a"}}\n'


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        (COMPLETE, 0),
        (SKIPPED, 0),
        (FAILED, 1),
        (batch("Complete", Canceled=3), 1),
        (batch("Complete", 1, Complete=2), 1),
        (batch("Complete", Complete=2), 1),
        (batch("Complete", 1, Complete=1, OnBadLine="skip"), 1),
        (batch("Complete", Complete=4), 0),
        (batch("Rejected", 3, Message="3 of 3 items are bad"), 1),
        (batch("Failed", Error=3), 1),
        (batch("Canceled", Canceled=3), 1),
    ],
)
def test_the_exit_status_tells_whether_all_runs_completed(
    engine: FakeApi, run: Run, ended: dict[str, Any], status: int
) -> None:
    engine.on("GET", "/workflow/execution/batch/b", ended)

    result = run("batch", "follow", "b", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (status, ended)
    assert run("batch", "follow", "b").exit_code == status


def test_bad_lines_are_told_at_the_end_and_where_all_of_them_are(engine: FakeApi, run: Run) -> None:
    more = {**SKIPPED, "BadLinesObject": {"S3Bucket": "data", "S3Key": "private/bad.jsonl"}}
    more["Counts"] = {**SKIPPED["Counts"], "Refused": 2}
    engine.on("GET", "/workflow/execution/batch/b", more)

    assert run("batch", "follow", "b").stdout.splitlines()[1:] == [
        "line 3: Input is missing",
        "all of them: s3://data/private/bad.jsonl",
    ]


def test_batches_are_listed_shown_canceled_and_retried(engine: FakeApi, run: Run) -> None:
    engine.on("GET", "/workflow/execution/batch", [RUNNING, COMPLETE])
    engine.on("GET", "/workflow/execution/batch/b", SKIPPED)
    engine.on("POST", "/workflow/execution/batch/b/cancel", batch("Canceled"))
    engine.on("POST", "/workflow/execution/batch/b/retry", RUNNING)

    assert run("batch", "list", "--limit", 1).stdout.startswith(
        "b\tw\tRunning\t1 of 3 ended, 1 Complete, 2 Started\t20"
    )
    lines = run("batch", "show", "b").stdout.splitlines()
    assert {
        "Status\tComplete",
        "Runs\t2 of 3 ended, 2 Complete, 1 refused",
        "Refused\tline 3: Input is missing",
    } <= set(lines)
    assert json.loads(run("batch", "show", "b", "--json").stdout) == SKIPPED
    assert run("batch", "cancel", "b", "--reason", "wrong").stdout == "batch b is canceled\n"
    assert posted(engine).json == {"Reason": "wrong"}
    assert run("batch", "retry", "b", "--set", "look.a.x=1", "-d").stdout == "batch b runs again\n"
    assert posted(engine).json == {"Configuration": {"look": {"a": {"x": 1}}}}
    assert run("batch", "retry", "b").exit_code == 0


def test_the_runs_of_a_batch_name_what_they_were_made_of(engine: FakeApi, run: Run) -> None:
    failed = {"Id": "r", "Status": "Error", "Message": "no", "Line": 2}
    engine.on("GET", "/workflow/execution/batch/b/runs", [{"Id": "q", "Status": "Complete", "Key": "k"}, failed])

    assert run("batch", "runs", "b").stdout == "q\tk\tComplete\t\nr\t2\tError\tno\n"
    assert json.loads(run("batch", "runs", "b", "--status", "Error", "--json").stdout) == [failed]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["batch", "w"], "one of them"),
        (["batch", "w", "CLIP", "--prefix", "s3://b/p"], "one of them"),
        (["batch", "w", "--prefix", "b/p"], "--prefix: s3://BUCKET/KEY"),
        (["batch", "w", "--prefix", "s3://b/"], "--prefix: s3://BUCKET/KEY"),
        (["batch", "w", "--manifest", "no-such.jsonl"], "is no file, nor s3://BUCKET/KEY"),
        (["batch", "w", "no-such.mp4"], "does not exist"),
        (["batch", "w", "CLIP", "ODD"], "give --media-type"),
        (["batch", "w", "CLIP", "--tolerate", "101"], "less than or equal to 100"),
        (["batch", "w", *(["--asset", "a"] * 1001)], "1000 files and assets"),
    ],
    ids=lambda value: " ".join(value[:5]) if isinstance(value, list) else None,
)
def test_bad_usage_is_exit_status_2_with_a_reason_and_uploads_nothing(
    engine: FakeApi, run: Run, tmp_path: Path, words: list[str], complaint: str
) -> None:
    files = {"CLIP": tmp_path / "clip.mp4", "ODD": tmp_path / "odd.xyz"}
    for file in files.values():
        file.write_text("frames")

    result = run(*(files.get(word, word) for word in words))

    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in " ".join(result.stderr.replace("│", " ").split())
    assert (engine.requests, engine.objects) == ([], {})
