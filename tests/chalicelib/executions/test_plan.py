"""What each operation is to do, and which run configurations are refused."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.definitions.builtin import YEAR_SECONDS
from chalicelib.definitions.revision import RevisionOperation
from chalicelib.definitions.stage_input import Globals
from chalicelib.executions import plan
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.executions.conftest import operation, revision, stage

VIDEO: Globals = {"Media": {"Video": {"S3Bucket": "b", "S3Key": "k"}}, "MetaData": {}}
SCHEMA = {"type": "object", "properties": {"Every": {"type": "number", "exclusiveMinimum": 0}}}
FLOW = revision(
    stage("first", operation("a", configuration_schema=SCHEMA), operation("b")), stage("last", operation("c"))
)
COURSE = plan.Course("run", "asset")


def test_the_event_is_the_old_engines() -> None:
    made = plan.stage_input(COURSE, FLOW.stages[0], {"first": {"a": {"Every": 0.1}}}, VIDEO)

    assert made["Input"] == VIDEO
    assert made["Plan"]["o1"] == {
        "Do": "run",
        "Event": {
            "Name": "a",
            "AssetId": "asset",
            "WorkflowExecutionId": "run",
            "Configuration": {"MediaType": "Video", "Enabled": True, "Every": 0.1},
            "Status": "Started",
            "MetaData": {},
            "Media": {},
            "IdempotencyKey": "run/first/a/1",
        },
        "TimeoutSeconds": 900,
        "PollMaxSeconds": 60,
    }


@pytest.mark.parametrize(
    ("configuration", "wanted"),
    [
        ({"MediaType": "Video", "Enabled": True}, True),
        ({"MediaType": "Video", "Enabled": False}, False),
        ({"MediaType": "Audio", "Enabled": True}, False),
        ({"MediaType": "MetadataOnly", "Enabled": True}, True),
        ({"MediaType": "MetadataOnly", "Enabled": False}, False),
    ],
)
def test_an_operation_runs_when_enabled_and_its_medium_is_there(configuration: dict[str, Any], wanted: bool) -> None:
    assert plan.is_wanted(configuration, VIDEO) is wanted


def test_both_spellings_of_an_override_mean_the_same() -> None:
    plain = {"first": {"a": {"Every": 2}}}

    assert (
        plan.normalised(FLOW, plain) == plan.normalised(FLOW, {"first": {"Operations": {"a": {"Every": 2}}}}) == plain
    )


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"nowhere": {}}, "Invalid stage found in Configuration 'nowhere'"),
        ({"first": {"x": {}}}, "Configuration.first: Invalid operation 'x'"),
        ({"first": 3}, "Configuration.first: an object of operations is expected"),
        ({"first": {"Operations": None}}, "Configuration.first.Operations: an object"),
        ({"first": {"a": None}}, "Configuration.first.a: an object is expected"),
        ({"first": {"a\n{% 1 %}": {}}}, r"Invalid operation 'a\n{% 1 %}'"),
    ],
)
def test_an_override_of_nothing_known_is_refused(configuration: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        plan.normalised(FLOW, configuration)

    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"Enabled": "true"}, "Configuration.first.a.Enabled: "),
        ({"Enabled": None}, "Configuration.first.a.Enabled: "),
        ({"MediaType": ""}, "Configuration.first.a.MediaType: "),
        ({"Text": "x" * 70_000}, "a stage may have 64000"),
        ({"Every": -1}, "Configuration.first.a.Every: "),
        ({"Every": "often"}, "Configuration.first.a.Every: 'often' is not of type number"),
    ],
)
def test_a_merged_configuration_must_suit_its_operation(members: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        plan.check_override(FLOW, {"first": {"a": members}})

    assert words in str(refusal.value)


def test_globals_beyond_what_travels_name_their_largest_members() -> None:
    large: Globals = {"Media": {}, "MetaData": {"subtitles": "x" * 190_000, "small": 1}}

    with pytest.raises(plan.TooLargeToCarry, match=r"'subtitles' \(190002 bytes\).*data plane"):
        plan.stage_input(COURSE, FLOW.stages[0], {}, large)


def test_a_configuration_beyond_what_travels_is_refused() -> None:
    with pytest.raises(plan.TooLargeToCarry, match="with the configuration of its operations"):
        plan.stage_input(COURSE, FLOW.stages[0], {"first": {"a": {"Text": "x" * 255_000}}}, VIDEO)


def made(course: plan.Course, *operations: RevisionOperation, **options: Any) -> dict[str, Any]:
    document = plan.stage_input(course, stage("s", *operations), {}, VIDEO, **options)
    return {key: dict(branch) for key, branch in document["Plan"].items()}


@pytest.mark.parametrize(
    ("course", "seconds"),
    [
        (plan.Course("run", "asset"), 900),
        (plan.Course("run", "asset", left=30.9), 30),
        (plan.Course("run", "asset", left=1.0), 1),
        (plan.Course("run", "asset", timeouts={"s": {"a": 5}}), 5),
        (plan.Course("run", "asset", left=3, timeouts={"s": {"a": 5}}), 3),
        (plan.Course("run", "asset", timeouts={"other": {"a": 5}}), 900),
    ],
)
def test_an_operation_gets_what_it_may_take_and_no_more_than_is_left(course: plan.Course, seconds: int) -> None:
    assert made(course, operation("a"))["o1"]["TimeoutSeconds"] == seconds


def test_a_stage_does_not_begin_when_the_runs_time_is_over() -> None:
    with pytest.raises(plan.OutOfTime, match="before operation a, b"):
        made(plan.Course("run", "asset", left=0.5), operation("a"), operation("b"))


def test_a_stage_with_nothing_to_run_needs_no_time() -> None:
    course = plan.Course("run", "asset", left=-1)

    assert made(course, operation("a"), done={"a"}) == {"o1": {"Do": "done"}}


def test_a_heartbeat_is_shorter_than_what_is_left() -> None:
    branch = made(plan.Course("run", "asset", left=3), operation("a", type="Callback", heartbeat_seconds=60))["o1"]

    assert (branch["HeartbeatSeconds"], branch["TimeoutSeconds"]) == (2, 3)


def test_a_wait_expires_as_its_configuration_says() -> None:
    waiting = operation("a", type="Wait", timeout_seconds=31_536_000)
    document = plan.stage_input(COURSE, stage("s", waiting), {"s": {"a": {"ExpiresAfterSeconds": 60}}}, VIDEO)

    branch = document["Plan"]["o1"]
    assert branch["ExpirySeconds"] == 60
    assert branch["TimeoutSeconds"] == YEAR_SECONDS


def test_the_key_of_an_operation_differs_between_attempts_only() -> None:
    first = made(plan.Course("run", "asset", 1), operation("a"))["o1"]["Event"]["IdempotencyKey"]
    again = made(plan.Course("run", "asset", 1), operation("a"))["o1"]["Event"]["IdempotencyKey"]
    second = made(plan.Course("run", "asset", 2), operation("a"))["o1"]["Event"]["IdempotencyKey"]

    assert first == again == "run/s/a/1"
    assert second == "run/s/a/2"


@pytest.mark.parametrize(
    ("timeouts", "words"),
    [
        ({"nowhere": {}}, "Timeouts: the workflow has no stage 'nowhere'"),
        ({"first": {"x": 5}}, "Timeouts.first: the stage has no operation 'x'"),
        ({"first": {"a": 901}}, "Timeouts.first.a: this Sync operation may take 900 seconds at most"),
    ],
)
def test_a_timeout_that_no_operation_can_have_is_refused(timeouts: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequestError) as refusal:
        plan.check_timeouts(FLOW, None, timeouts)

    assert words in str(refusal.value)


def test_a_run_cannot_be_given_more_time_than_its_machine_has() -> None:
    week = 7 * 86_400
    plan.check_timeouts(FLOW, week, {})
    plan.check_timeouts(revision(stage("s", operation("w", type="Wait"))), 300 * 86_400, {})

    with pytest.raises(BadRequestError, match=f"TimeoutSeconds: .* {week} seconds at most"):
        plan.check_timeouts(FLOW, week + 1, {})
