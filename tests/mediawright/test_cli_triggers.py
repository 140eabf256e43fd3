from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fake_api import FakeApi, Received

Run = Callable[..., Result]
ID = "0b1f6d0e-6c0a-4c52-9d3b-6a5a8f3f6f01"
DEFINITION = {
    "Name": "clips",
    "Workflow": "w",
    "Configuration": {"look": {"a": {"x": 1}}},
    "Enabled": True,
    "S3": {"Bucket": "b", "Prefix": "in/"},
}
TRIGGER = {
    "Id": ID,
    "Kind": "S3",
    "Status": "Active",
    **DEFINITION,
    "Created": "2026-11-21T04:05:06Z",
    "Changed": "2026-11-21T04:05:06Z",
    "LastFired": "2026-11-22T00:00:00Z",
    "LastRun": "r",
}
POINTED = '{"AssetId": {"Pointer": "/Message/AssetId"}}'


def sent(api: FakeApi, method: str) -> Received:
    return next(request for request in reversed(api.requests) if request.method == method)


MADE: list[tuple[list[str], dict[str, Any]]] = [
    (["s3", "w", "b"], {"S3": {"Bucket": "b"}}),
    (
        ["s3", "w", "b", "--prefix", "in/", "--suffix", ".mp4", "--media-type", "Video", "--name", "clips"],
        {"S3": {"Bucket": "b", "Prefix": "in/", "Suffix": ".mp4", "MediaType": "Video"}, "Name": "clips"},
    ),
    (
        ["s3", "w", "b", "--priority", "7", "--disabled", "--set", "look.a.x=1"],
        {"S3": {"Bucket": "b"}, "Priority": 7, "Enabled": False, "Configuration": {"look": {"a": {"x": 1}}}},
    ),
    (
        ["schedule", "w", "rate(6 hours)", "--timezone", "Europe/Berlin", "--asset", "a"],
        {"Schedule": {"Expression": "rate(6 hours)", "Timezone": "Europe/Berlin"}, "Input": {"AssetId": "a"}},
    ),
    (
        ["schedule", "w", "rate(6 hours)", "--media", "Video=s3://b/k"],
        {
            "Schedule": {"Expression": "rate(6 hours)"},
            "Input": {"Media": {"Video": {"S3Bucket": "b", "S3Key": "k"}}},
        },
    ),
    (["sns", "w", "arn:t", "--input", POINTED], {"SNS": {"TopicArn": "arn:t"}, "Input": json.loads(POINTED)}),
    (
        ["pattern", "w", '{"source": ["archive"]}', "--input", POINTED],
        {"EventPattern": {"Pattern": {"source": ["archive"]}}, "Input": json.loads(POINTED)},
    ),
]


@pytest.mark.parametrize("group", [("trigger",), ("run", "trigger")])
@pytest.mark.parametrize(("words", "body"), MADE, ids=[" ".join(words) for words, _ in MADE])
def test_a_trigger_of_each_kind_is_made_from_options(
    api: FakeApi, run: Run, group: tuple[str, ...], words: list[str], body: dict[str, Any]
) -> None:
    api.on("POST", "/workflow/trigger", TRIGGER)

    result = run(*group, "create", *words, "--idempotency-key", "k")

    assert (result.exit_code, result.stdout) == (0, f"trigger {ID} is made\n")
    assert sent(api, "POST").json == {"Workflow": "w", **body}
    assert sent(api, "POST").headers["Idempotency-Key"] == "k"


def test_a_dry_run_shows_what_would_be_made(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/trigger", TRIGGER)

    assert json.loads(run("trigger", "create", "s3", "w", "b", "--dry-run").stdout) == TRIGGER
    assert sent(api, "POST").query == {"dryRun": "true"}


@pytest.mark.parametrize(("word", "is_on"), [("enable", True), ("disable", False)])
def test_a_trigger_is_switched_by_its_name_and_keeps_the_rest(api: FakeApi, run: Run, word: str, is_on: bool) -> None:
    api.on("GET", "/workflow/trigger", [TRIGGER])
    api.on("GET", f"/workflow/trigger/{ID}", TRIGGER)
    api.on("PUT", f"/workflow/trigger/{ID}", TRIGGER)

    assert run("trigger", word, "clips").stdout == f"trigger clips is {word}d\n"
    assert sent(api, "PUT").json == {**DEFINITION, "Enabled": is_on}


def test_triggers_are_listed_shown_replaced_and_deleted(api: FakeApi, run: Run, tmp_path: Path) -> None:
    broken = {**TRIGGER, "Name": "old", "Enabled": False, "LastError": {"Message": "gone", "Time": "2026-11-23T00"}}
    api.on("GET", "/workflow/trigger", [TRIGGER, broken])
    api.on("GET", f"/workflow/trigger/{ID}", TRIGGER)
    api.on("PUT", f"/workflow/trigger/{ID}", TRIGGER)
    api.on("DELETE", f"/workflow/trigger/{ID}", TRIGGER)
    (tmp_path / "t.json").write_text(json.dumps(DEFINITION))

    assert run("trigger", "list").stdout.splitlines() == [
        f"{ID}\tclips\tw\tS3\tenabled\tr",
        f"{ID}\told\tw\tS3\tdisabled\tgone",
    ]
    assert json.loads(run("trigger", "show", ID).stdout) == TRIGGER
    assert run("trigger", "update", ID, tmp_path / "t.json").stdout == "trigger clips is changed\n"
    assert sent(api, "PUT").json == DEFINITION
    assert run("trigger", "delete", "clips").stdout == "trigger clips is deleted\n"
    assert json.loads(run("trigger", "delete", ID, "--json").stdout) == [TRIGGER]


def test_a_name_of_no_trigger_is_the_apis_to_refuse(api: FakeApi, run: Run) -> None:
    api.on("GET", "/workflow/trigger", [])

    assert run("trigger", "show", "nobody").exit_code == 1
    assert sent(api, "GET").path == "/api/workflow/trigger/nobody"


def test_webhooks_are_made_listed_shown_and_deleted(api: FakeApi, run: Run) -> None:
    hook = {"Name": "h", "Url": "https://x.example/", "Statuses": ["Error", "Complete"], "Created": "2026"}
    api.on("POST", "/system/webhook", {**hook, "Secret": "0f" * 32})
    api.on("GET", "/system/webhook", [hook])
    api.on("GET", "/system/webhook/h", hook)
    api.on("DELETE", "/system/webhook/h", hook)

    words = ["--workflow", "w", "--status", "Error", "--status", "Complete"]
    result = run("webhook", "create", "h", "https://x.example/", *words)
    assert result.stdout.splitlines() == ["webhook h is made", f"its secret, shown this once: {'0f' * 32}"]
    wanted = {"Name": "h", "Url": "https://x.example/", "Workflow": "w", "Statuses": ["Error", "Complete"]}
    assert sent(api, "POST").json == wanted
    run("webhook", "create", "h", "https://x.example/", "--secret-file", "-", stdin="a secret of ours\n")
    assert sent(api, "POST").json["Secret"] == "a secret of ours"
    assert run("webhook", "list").stdout == "h\thttps://x.example/\t\tError, Complete\n"
    assert json.loads(run("webhook", "show", "h").stdout) == hook
    assert run("webhook", "delete", "h").stdout == "webhook h is deleted\n"


def test_dead_deliveries_are_listed(api: FakeApi, run: Run) -> None:
    dead = {"EventId": "r-3", "Attempts": 8, "Died": "2026-11-22", "LastReason": "it answered 503"}
    api.on("GET", "/system/webhook/dead", [{**dead, "Webhook": "h"}, dead])

    assert run("webhook", "dead").stdout.splitlines() == [
        "2026-11-22\th\tr-3\t8\tit answered 503",
        "2026-11-22\t(the run's own)\tr-3\t8\tit answered 503",
    ]


def test_health_tells_slots_queue_and_the_last_sweep(api: FakeApi, run: Run) -> None:
    health = {
        "Status": "ok",
        "Slots": {"Used": 3, "Held": 2, "Max": 5},
        "Queue": {"Length": 7, "Parked": {"operation:o": 12}, "OldestSeconds": 1.25},
        "Waiting": 1,
        "Sweep": {"At": "2026-11-21T04:05:00Z", "Repairs": {"not_started": 1}, "Failures": 2},
    }
    api.on("GET", "/system/health", health)

    assert run("health").stdout.splitlines() == [
        "Status\tok",
        "Slots\t3 of 5 used, 2 held by their runs",
        "Queue\t7 runs, the oldest since 1.2 s",
        "Parked\t12 runs for operation:o",
        "Waiting\t1 runs",
        "Last sweep\t2026-11-21T04:05:00Z: not_started 1 repaired; 2 things failed",
    ]
    assert json.loads(run("health", "--json").stdout) == health
    api.on("GET", "/system/health", {name: value for name, value in health.items() if name != "Sweep"})
    assert run("health").stdout.splitlines()[-1] == "Last sweep\tnone yet"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["trigger", "create", "s3", "w"], "Missing argument 'BUCKET'"),
        (["trigger", "create", "schedule", "w", "rate(1 hour)"], "give --asset, --media or --input"),
        (["trigger", "create", "schedule", "w", "rate(1 hour)", "--asset", "a", "--input", "{}"], "one of them"),
        (["trigger", "create", "sns", "w", "arn:t", "--input", "[]"], "no JSON object"),
        (["trigger", "create", "pattern", "w", "{", "--asset", "a"], "PATTERN is not JSON"),
        (["trigger", "create", "pattern", "w", "@none.json", "--asset", "a"], "cannot be read"),
        (["trigger", "create", "topic", "w"], "No such command"),
        (["trigger", "update", "t", "none.json"], "cannot be read"),
        (["webhook", "create", "h"], "Missing argument"),
        (["webhook", "create", "h", "https://x.example/", "--secret-file", "none"], "cannot be read"),
        (["webhook", "dead", "--limit", "0"], "greater than or equal to 1"),
    ],
)
def test_bad_usage_is_exit_status_2_with_a_reason_and_sends_nothing(
    api: FakeApi, run: Run, words: list[str], complaint: str
) -> None:
    result = run(*words)

    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint.lower() in " ".join(result.stderr.replace("│", " ").split()).lower()
    assert api.requests == []
