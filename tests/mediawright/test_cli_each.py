"""Commands that name several things, and values that stand for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from fake_api import FakeApi, Reply

Run = Callable[..., Result]
ENDED = Reply({"Code": "ConflictError", "Message": "workflow execution b has ended"}, 409)
TRIGGER = {"Id": "a", "Name": "a", "Workflow": "w", "Kind": "SNS", "Enabled": True}


@pytest.mark.parametrize(
    ("words", "method", "path", "answer", "said"),
    [
        (("run", "cancel"), "POST", "/workflow/execution/{}/cancel", {"Status": "Canceled"}, "run {} is canceled"),
        (("run", "retry"), "POST", "/workflow/execution/{}/retry", {"Status": "Queued"}, "run {} is queued again"),
        (("run", "delete"), "DELETE", "/workflow/execution/{}", {}, "run {} is deleted"),
        (("trigger", "delete"), "DELETE", "/workflow/trigger/{}", TRIGGER, "trigger {} is deleted"),
        (("webhook", "delete"), "DELETE", "/system/webhook/{}", {"Name": "a"}, "webhook {} is deleted"),
        (("stage", "delete"), "DELETE", "/workflow/stage/{}", {"Name": "a"}, "stage {} is deleted"),
    ],
)
def test_one_that_refuses_does_not_keep_the_others_from_it(
    api: FakeApi, run: Run, words: tuple[str, ...], method: str, path: str, answer: Any, said: str
) -> None:
    """`run cancel A B` stopped at the first refusal"""
    api.on("GET", "/workflow/trigger", [])
    for name in "ac":
        api.on(method, path.format(name), answer)
    api.on(method, path.format("b"), ENDED)

    result = run(*words, "a", "b", "c")
    told = json.loads(run(*words, "a", "b", "c", "--json").stdout)

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [said.format("a"), said.format("c")]
    assert "workflow execution b has ended [409" in result.stderr
    assert told[0] == told[2] == answer
    assert (told[1]["Id"], told[1]["Error"]["Status"]) == ("b", 409)


def test_one_alone_that_refuses_is_told_as_ever(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/execution/b/cancel", ENDED)

    result = run("run", "cancel", "b", "--json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["Error"]["Code"] == "ConflictError"


@pytest.mark.parametrize("words", [("run", "list"), ("batch", "runs", "b")])
def test_a_status_that_there_is_not_is_refused_with_those_there_are(api: FakeApi, run: Run, words: Any) -> None:
    """`run list --status Done` showed an empty list"""
    result = run(*words, "--status", "Done")

    assert result.exit_code == 2
    assert all(status in result.stderr for status in ("Queued", "Waiting", "Canceled"))
    assert api.requests == []


@pytest.mark.parametrize(
    "words",
    [
        ("run", "w", "--asset", "a"),
        ("batch", "w", "--asset", "a"),
        ("trigger", "create", "schedule", "w", "rate(1 day)", "--asset", "a"),
    ],
)
def test_an_empty_idempotency_key_is_refused(api: FakeApi, run: Run, words: Any) -> None:
    """an unset variable made each repetition a run of its own"""
    result = run(*words, "--idempotency-key", "")

    assert result.exit_code == 2
    assert "the key is empty" in result.stderr
    assert api.requests == []


def test_a_queued_run_says_which_slot_it_waits_for(api: FakeApi, run: Run) -> None:
    """a parked run didn't say why it waits"""
    waits_for = {"Pool": "operation:check", "Used": 2, "Max": 2}
    api.on("GET", "/workflow/execution/r", {"Id": "r", "Status": "Queued", "WaitsFor": waits_for})

    assert "waits for a slot of operation:check (2 of 2 taken)" in run("run", "show", "r").stdout


def test_whoever_caps_an_operation_is_told_when_it_counts(api: FakeApi, run: Run) -> None:
    api.on("PUT", "/workflow/operation", {"Name": "check"})

    result = run("op", "update", "--name", "check", "--max-concurrent", 2)

    assert result.stdout.splitlines()[-1].endswith("with their next `mediawright workflow update`")
