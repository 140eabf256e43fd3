"""What the engine writes of runs: documents that tell, and nothing that lets anybody act."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws import tracing
from tests.chalicelib.events.receiver import receiving
from tests.system.conftest import Engine
from tests.system.test_waiting import callback_operation, sweep, token_in

SECRET = "no line may ever show this"
SIGNED = re.compile(r"X-Amz-(?:Signature|Credential|Security-Token)=[^*&]")
OF_THE_RUNTIME = ("START RequestId", "END RequestId", "REPORT RequestId", "[ERROR]", "INIT_START")


def lines(engine: Engine) -> dict[str, list[str]]:
    """Every line of every function of the engine, by the function's name in the template."""
    engine.aws._services.functions.logs.flush()
    logs = engine.aws.client("logs")
    found: dict[str, list[str]] = {}
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        if name.startswith("/aws/lambda/mediawright-"):
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            function = name.rsplit("-", 1)[1]
            found.setdefault(function, []).extend(
                event["message"].rstrip("\n") for page in events for event in page["events"]
            )
    return found


def documents(engine: Engine, function: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(engine)[function] if not line.startswith(OF_THE_RUNTIME)]


def upload_url(engine: Engine) -> str:
    answer = engine.ok("POST", "upload", {"S3Bucket": engine.bucket, "S3Key": "uploads/a.mp4"})
    return json.dumps(answer)


def test_the_end_of_each_operation_is_a_document_with_run_duration_and_error(engine: Engine) -> None:
    echo, broken = engine.operation("echo"), engine.operation("raises")
    run = engine.run(engine.workflow([echo, broken]))["Id"]
    engine.aws.wait_idle()

    ended = {
        line["operation"]: line
        for line in documents(engine, "StageCompletion")
        if line.get("run_id") == run and line["message"] == "operation ended"
    }

    assert {name: (line["status"], line.get("error")) for name, line in ended.items()} == {
        echo: ("Complete", None),
        broken: ("Error", "ValueError"),
    }
    for line in ended.values():
        assert line["seconds"] >= 0
        assert line["function"].endswith("StageCompletion")
        assert line["request_id"]


def test_the_ends_of_runs_are_counted(engine: Engine) -> None:
    engine.aws.wait_idle()
    before = Counter(lines(engine)["Publisher"])
    engine.run(engine.workflow([engine.operation("echo")]))
    engine.run(engine.workflow([engine.operation("raises")]))
    engine.aws.wait_idle()

    # a stream keeps its last lines only, so those of before may be gone: what counts is what was added
    added = [json.loads(line) for line in (Counter(lines(engine)["Publisher"]) - before).elements() if "_aws" in line]
    names = ("RunsSubmitted", "RunsCompleted", "RunsFailed", "RunsCanceled")
    assert {name: sum(line.get(name, 0) for line in added) for name in names} == {
        "RunsSubmitted": 2,
        "RunsCompleted": 1,
        "RunsFailed": 1,
        "RunsCanceled": 0,
    }


def test_no_line_gives_away_a_token_a_signature_or_a_secret(engine: Engine, tmp_path: Path) -> None:
    """Runs that are called back, refused, told to a webhook that fails; and signed URLs."""
    calls = callback_operation(engine, tmp_path / "token")
    with receiving() as receiver:
        receiver.status = 500
        engine.ok("POST", "system/webhook", {"Name": "leaky", "Url": receiver.url(), "Secret": SECRET})
        run = engine.start(engine.workflow([calls, engine.operation("raises")]))
        token = token_in(engine, tmp_path / "token")
        engine.http.post(f"workflow/execution/{run}/callback", json={"Operation": calls, "Token": "x" * 200})
        answer = {"Operation": calls, "Token": token, "Status": "Complete"}
        engine.ok("POST", f"workflow/execution/{run}/callback", answer)
        assert engine.http.post(f"workflow/execution/{run}/callback", json=answer).status_code == 409
        engine.ended(run)
        upload_url(engine)
        engine.aws.wait_idle()
        engine.ok("DELETE", "system/webhook/leaky")

    written = "\n".join(line for of_function in lines(engine).values() for line in of_function)
    assert "operation ended" in written
    assert token not in written
    assert SECRET not in written
    assert "x" * 200 not in written
    assert not SIGNED.search(written)


@pytest.mark.parametrize("function", ["StageCompletion", "Publisher", "Scheduler", "Sweep", "APIHandler"])
def test_every_line_of_the_engine_is_a_document(engine: Engine, function: str) -> None:
    engine.run(engine.workflow([engine.operation("raises")]))
    sweep(engine)
    engine.aws.wait_idle()

    assert all(isinstance(document, dict) for document in documents(engine, function))


def test_nothing_is_traced_by_default(engine: Engine) -> None:
    assert tracing._recorder.cache_info().currsize == 0
