from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import runs
from click.testing import Result
from fake_api import FakeApi, Received, Reply

from mediawright.cli import inputs

Run = Callable[..., Result]
QUEUED = {"Id": "r", "Status": "Queued"}
MANY = {"Retried": ["r", "s"], "Refused": [], "More": False}


def posted(api: FakeApi) -> Received:
    return next(request for request in reversed(api.requests) if request.method != "GET")


def test_a_run_is_retried_with_members_of_its_configuration_changed(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/r/retry", QUEUED)

    words = ["--configuration", '{"look": {"a": {"x": 1, "y": 1}}}', "--set", "look.a.x=0.5"]
    result = run("run", "retry", "r", *words, "--set", "look.b.c.d=two words", "--set", "more.e.Enabled=false")

    assert (result.exit_code, result.stdout) == (0, "run r is queued again\n")
    assert posted(api).json == {
        "Configuration": {
            "look": {"a": {"x": 0.5, "y": 1}, "b": {"c.d": "two words"}},
            "more": {"e": {"Enabled": False}},
        }
    }


def test_runs_are_retried_one_after_the_other_and_told_as_a_list(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/./retry", lambda r: {"Id": r.path.split("/")[-2]})

    assert json.loads(run("run", "retry", "r", "s", "--json").stdout) == [{"Id": "r"}, {"Id": "s"}]
    assert [request.json for request in api.requests] == [None, None]


def test_a_retried_run_is_followed_to_its_end(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/r/retry", QUEUED)
    api.on("GET", "/workflow/execution/r", runs.FAILED)

    result = run("run", "retry", "r", "--follow")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[0] == "run r is queued again"
    result = run("run", "retry", "r", "--follow", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, runs.FAILED)


def test_many_runs_are_chosen_by_what_they_have_in_common(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/retry", MANY)

    words = ["--workflow", "w", "--status", "Error", "--error-prefix", "Stage look", "--since", "2026-11-21"]
    result = run("run", "retry", *words, "--limit", 2, "--set", "look.a.x=1", "--dry-run")

    assert (result.exit_code, result.stdout) == (0, "run r would be retried\nrun s would be retried\n")
    assert posted(api).query == {"dryRun": "true"}
    assert posted(api).json == {
        "Workflow": "w",
        "Status": "Error",
        "ErrorPrefix": "Stage look",
        "Since": "2026-11-21",
        "Limit": 2,
        "Configuration": {"look": {"a": {"x": 1}}},
    }


def test_runs_that_refuse_are_exit_status_1_and_more_of_them_are_told_of(api: FakeApi, run: Run) -> None:
    refused = [{"Id": "s", "Message": "asset a is busy"}]
    answer = {"Retried": ["r"], "Refused": refused, "More": True, "Next": "2026-11-21T04:05:06.000001Z"}
    api.on("POST", "/workflow/execution/retry", answer)

    result = run("run", "retry", "--workflow", "w", "--limit", 2)

    assert result.exit_code == 1
    assert result.stdout == "run r is queued again\nrun s is refused: asset a is busy\n"
    assert result.stderr == "There may be more: raise --limit, or go on with --since 2026-11-21T04:05:06.000001Z\n"


def in_three(done: str) -> Callable[[Received], dict[str, Any]]:
    """Three requests' answers: the first one finds nothing in the time that it has."""
    answers: dict[str | None, dict[str, Any]] = {
        "2026-11-01": {done: [], "Refused": [], "More": True, "Next": "2026-11-02"},
        "2026-11-02": {done: ["r"], "Refused": [], "More": True, "Next": "2026-11-03"},
        "2026-11-03": {done: ["s", "t"], "Refused": [], "More": False},
    }
    return lambda request: answers[request.json["Since"]]


@pytest.mark.parametrize(("action", "done"), [("retry", "Retried"), ("delete", "Deleted")])
def test_what_one_request_has_no_time_for_the_next_one_goes_on_with(
    api: FakeApi, run: Run, action: str, done: str
) -> None:
    api.on("POST", f"/workflow/execution/{action}", in_three(done))
    words = ("run", action, "--workflow", "w", "--error-prefix", "Stage look", "--since", "2026-11-01", "--limit", 9)

    result = run(*words)

    assert result.exit_code == 0
    assert [line.split()[1] for line in result.stdout.splitlines()] == ["r", "s", "t"]
    assert [request.json["Limit"] for request in api.requests] == [9, 9, 8]
    assert {request.json["ErrorPrefix"] for request in api.requests} == {"Stage look"}
    result = run(*words, "--json")
    assert json.loads(result.stdout) == {done: ["r", "s", "t"], "Refused": [], "More": False}


def test_a_limit_is_kept_over_all_requests(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/retry", in_three("Retried"))

    result = run("run", "retry", "--workflow", "w", "--since", "2026-11-01", "--limit", 1)

    assert (result.exit_code, result.stdout) == (0, "run r is queued again\n")
    assert result.stderr.endswith("--since 2026-11-03\n")


def test_nothing_to_retry_is_said(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/retry", {"Retried": [], "Refused": [], "More": False})

    result = run("run", "retry", "--workflow", "w")
    assert (result.exit_code, result.stdout) == (0, "no run is chosen\n")


@pytest.mark.parametrize(
    ("text", "ago"), [("8h", timedelta(hours=8)), ("3d", timedelta(3)), ("45m", timedelta(0, 2700))]
)
def test_a_time_may_be_told_as_so_long_ago(text: str, ago: timedelta) -> None:
    now = datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)

    assert inputs.moment(text, now) == (now - ago).isoformat()


@pytest.mark.parametrize("text", [None, "", "2026-11-21T04:05:06Z", "1795233906", "8 h", "h"])
def test_any_other_time_is_the_apis_to_read(text: str | None) -> None:
    assert inputs.moment(text) == text


def test_ended_runs_are_deleted_by_their_ids_or_by_what_they_have_in_common(api: FakeApi, run: Run) -> None:
    api.on("DELETE", "/workflow/execution/r", runs.COMPLETE)
    api.on("POST", "/workflow/execution/delete", {"Deleted": ["r"], "Refused": [], "More": False})

    assert run("run", "delete", "r").stdout == "run r is deleted\n"
    result = run("run", "delete", "--workflow", "w", "--status", "Complete", "--before", "2026-10-01")
    assert (result.exit_code, result.stdout) == (0, "run r is deleted\n")
    assert posted(api).json == {"Workflow": "w", "Status": "Complete", "Before": "2026-10-01", "Limit": 100}
    assert json.loads(run("run", "delete", "--workflow", "w", "--json").stdout)["Deleted"] == ["r"]


def waits(**members: Any) -> dict[str, Any]:
    waiting = {"Stage": "count", "Operation": "Statistics", "Kind": "Wait", "Since": "1700000002.0", **members}
    return {**runs.COUNTING, "CurrentStage": "count", "Waits": [waiting]}


def test_the_stage_that_waits_is_looked_up(api: FakeApi, run: Run) -> None:
    api.on("GET", "/workflow/execution/r", {**waits(), "Status": "Waiting"})
    api.on("PUT", "/workflow/execution/r", {"Id": "r", "Status": "Resumed"})

    result = run("run", "resume", "r", "--reason", "approved")

    assert (result.exit_code, result.stdout) == (0, "run r is resumed\n")
    assert posted(api).json == {"WaitingStageName": "count", "Reason": "approved"}


def test_one_wait_of_several_is_resumed(api: FakeApi, run: Run) -> None:
    api.on("PUT", "/workflow/execution/r", {"Id": "r", "Status": "Waiting"})

    result = run("run", "resume", "r", "count", "--operation", "Statistics")

    assert result.stdout == "run r waits for another operation of count\n"
    assert posted(api).json == {"WaitingStageName": "count", "Operation": "Statistics"}
    assert [request.method for request in api.requests] == ["PUT"]


def test_the_wrong_stage_is_told_in_the_commands_words(api: FakeApi, run: Run) -> None:
    message = "WaitingStageName: workflow execution r waits in stage 'count', not in 'look'"
    api.on("PUT", "/workflow/execution/r", Reply({"Code": "BadRequestError", "Message": message}, 400))

    result = run("run", "resume", "r", "look")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: STAGE: workflow execution r waits in stage 'count'")


def test_a_callback_takes_its_token_from_a_file_the_input_or_the_environment(
    api: FakeApi, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on("POST", "/workflow/execution/r/callback", {"Id": "r", "Status": "Started"})
    (tmp_path / "token").write_text("from-file\n")
    words = ["run", "callback", "r", "Order", "--status", "Complete"]

    made = ["--metadata", '{"x": 0.1}', "--media", "Image=s3://b/k/x=1.png"]
    assert run(*words, "--token-file", tmp_path / "token", *made).exit_code == 0
    assert posted(api).json == {
        "Operation": "Order",
        "Token": "from-file",
        "Status": "Complete",
        "Media": {"Image": {"S3Bucket": "b", "S3Key": "k/x=1.png"}},
        "MetaData": {"x": 0.1},
    }
    run(*words, "--token-file", "-", stdin="from-input\n")
    assert posted(api).json["Token"] == "from-input"
    monkeypatch.setenv("MEDIAWRIGHT_TASK_TOKEN", "from-environment")
    assert run(*words).stdout == "operation Order of run r: Complete\n"
    assert posted(api).json["Token"] == "from-environment"


def test_a_failure_has_a_name_and_a_cause(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/r/callback", {"Id": "r", "Status": "Started"})

    words = ["--status", "Error", "--error", "InvalidInput", "--cause", "no speech", "--token-file", "-", "--json"]
    result = run("run", "callback", "r", "Order", *words, stdin="t")

    assert json.loads(result.stdout) == {"Id": "r", "Status": "Started"}
    assert posted(api).json == {
        "Operation": "Order",
        "Token": "t",
        "Status": "Error",
        "Error": "InvalidInput",
        "Cause": "no speech",
    }


def test_a_run_starts_with_priority_timeouts_key_and_webhook(
    api: FakeApi, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.on("POST", "/workflow/execution", runs.QUEUED)
    monkeypatch.setenv("MEDIAWRIGHT_WEBHOOK_SECRET", "s" * 16)

    words = [
        "--priority",
        9,
        "--timeout",
        600,
        "--timeout",
        "look.Thumbnail=60",
        "--idempotency-key",
        "k",
        "--detach",
    ]
    result = run("run", "w", "--asset", "a", *words, "--webhook", "https://x.example/")

    assert (result.exit_code, result.stdout) == (0, "r\n")
    assert posted(api).headers["Idempotency-Key"] == "k"
    assert posted(api).json == {
        "Name": "w",
        "Input": {"AssetId": "a"},
        "Priority": 9,
        "TimeoutSeconds": 600,
        "Timeouts": {"look": {"Thumbnail": 60}},
        "Webhook": {"Url": "https://x.example/", "Secret": "s" * 16},
    }


def test_a_file_that_is_sent_again_with_its_key_makes_the_same_request(
    api: FakeApi, run: Run, tmp_path: Path
) -> None:
    """each upload had a place of its own, so the same key stood for another body: a conflict"""
    api.with_bucket()
    api.on("POST", "/workflow/execution", runs.QUEUED)
    clip = tmp_path / "clip.mp4"
    clip.write_text("frames")

    bodies = []
    for content, key in (("frames", "k"), ("frames", "k"), ("other frames", "k"), ("frames", "l")):
        clip.write_text(content)
        run("run", "w", clip, "--idempotency-key", key, "--detach")
        bodies.append(json.dumps(posted(api).json))

    assert bodies[0] == bodies[1]
    assert len(set(bodies)) == 3


def test_a_run_shows_what_it_waits_for_and_its_earlier_attempts(api: FakeApi, run: Run) -> None:
    earlier = {
        "Attempt": 1,
        "Status": "Error",
        "Ended": "1700000001.0",
        "RetriedBy": "me",
        "Message": "Stage look: no",
    }
    facts = {"Attempt": 2, "Priority": 5, "Trigger": "batch/b", "Batch": "b", "Attempts": [earlier]}
    answered = {"Answered": "1700000002.5", "AnsweredBy": "me", "Reason": "fine"}
    api.on("GET", "/workflow/execution/r", {**waits(**answered), **facts})

    lines = run("run", "show", "r").stdout.splitlines()

    assert {"fact\tAttempt\t2", "fact\tPriority\t5", "fact\tTrigger\tbatch/b", "fact\tBatch\tb"} <= set(lines)
    assert any(
        line.startswith("wait\tcount\tStatistics\tWait\t20") and line.endswith(" by me: fine") for line in lines
    )
    assert any(line.startswith("attempt\t1\tError\t20") and line.endswith("\tme\tStage look: no") for line in lines)


def test_a_run_that_waits_says_how_to_let_it_go_on(api: FakeApi, run: Run) -> None:
    api.on("GET", "/workflow/execution/r", [Reply({**waits(), "Status": "Waiting"}), Reply(runs.COMPLETE)])

    lines = run("run", "follow", "r").stdout.splitlines()

    assert lines[0] == "run r: Waiting: count/Statistics waits; mediawright run resume r lets it go on"
    assert "operation count/Statistics: Waiting" in lines
    assert "operation count/Statistics: Complete (1.5 s)" in lines


def test_a_run_that_did_nothing_says_why(api: FakeApi, run: Run) -> None:
    """a run whose operations were all skipped exited with 0 without a word"""
    skipped = [runs.output(name, "Skipped") for name in ("Mediainfo", "Thumbnail")]
    idle = runs.run("Complete", "Complete", "Complete", skipped, [runs.output("Statistics", "Skipped")])
    look = idle["Workflow"]["Stages"]["look"]
    look["Configuration"] = {"Mediainfo": {"Enabled": False}, "Thumbnail": {"Enabled": True, "MediaType": "Audio"}}
    api.on("GET", "/workflow/execution/r", idle)

    result = run("run", "follow", "r")

    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "operation look/Mediainfo: Skipped (1.5 s): it is disabled" in lines
    assert "operation look/Thumbnail: Skipped (1.5 s): the run has no Audio" in lines
    assert lines[-1] == "run r: Complete: nothing was done: every operation was skipped"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["run", "retry"], "name RUNs or give --workflow"),
        (["run", "retry", "r", "--workflow", "w"], "one of them"),
        (["run", "retry", "r", "--since", "8h"], "choose runs of a --workflow"),
        (["run", "retry", "r", "s", "--follow"], "goes with one RUN"),
        (["run", "retry", "--workflow", "w", "--follow"], "goes with one RUN"),
        (["run", "retry", "--workflow", "w", "--limit", "1001"], "less than or equal to 1000"),
        (["run", "retry", "r", "--set", "look.x=1"], "STAGE.OPERATION.MEMBER=VALUE"),
        (["run", "retry", "r", "--set", "look..x=1"], "STAGE.OPERATION.MEMBER=VALUE"),
        (["run", "retry", "r", "--set", "look.a.x"], "STAGE.OPERATION.MEMBER=VALUE"),
        (["run", "retry", "r", "--configuration", '{"a": {"b": {"x": 1e999}}}'], "is not JSON"),
        (["run", "delete"], "name RUNs or give --workflow"),
        (["run", "delete", "r", "--dry-run"], "goes with --workflow"),
        (["run", "cancel"], "Missing argument"),
        (["run", "resume"], "Missing argument"),
        (["run", "callback", "r", "o", "--token-file", "-"], "Missing option '--status'"),
        (["run", "callback", "r", "o", "--status", "Done", "--token-file", "-"], "is not one of"),
        (["run", "callback", "r", "o", "--status", "Complete"], "a secret is missing: give --token-file"),
        (["run", "callback", "r", "o", "--status", "Complete", "--token-file", "none"], "cannot be read"),
        (["run", "callback", "r", "o", "--status", "Complete", "--cause", "x"], "go with --status Error"),
        (
            ["run", "callback", "r", "o", "--status", "Error", "--token-file", "CLIP", "--media", "s3://b/k"],
            "TYPE=s3://",
        ),
        (
            ["run", "callback", "r", "o", "--status", "Error", "--token-file", "CLIP", "--media", "V=/k"],
            "s3://BUCKET/KEY",
        ),
        (["run", "w", "--asset", "a", "--priority", "10"], "less than or equal to 9"),
        (["run", "w", "--asset", "a", "--timeout", "soon"], "--timeout: SECONDS"),
        (["run", "w", "--asset", "a", "--timeout", "look=5"], "--timeout: SECONDS"),
        (["run", "w", "--asset", "a", "--webhook", "https://x.example/"], "a secret is missing"),
        (["run", "w", "--asset", "a", "--webhook-secret-file", "CLIP"], "goes with --webhook"),
    ],
)
def test_bad_usage_is_exit_status_2_with_a_reason_and_sends_nothing(
    api: FakeApi, run: Run, tmp_path: Path, words: list[str], complaint: str
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_text("frames")

    result = run(*(clip if word == "CLIP" else word for word in words))

    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in " ".join(result.stderr.replace("│", " ").split())
    assert api.requests == []
