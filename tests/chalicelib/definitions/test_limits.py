from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.definitions import limits
from chalicelib.definitions.expressions import FIRST_POLL_SECONDS, POLL_GROWTH
from chalicelib.definitions.revision import OperationType, RevisionOperation, RevisionStage
from chalicelib.web.errors import BadRequestError
from tests.chalicelib.definitions.golden import operation, stage


def polled(timeout: int, longest: int, name: str = "op") -> RevisionOperation:
    return replace(operation(name, "Async"), timeout_seconds=timeout, poll_max_seconds=longest)


@pytest.mark.parametrize(
    ("timeout", "longest"), [(1, 1), (5, 60), (10, 60), (11, 60), (100, 1), (3600, 60), (86_400, 3600), (86_400, 60)]
)
def test_the_polls_counted_are_no_fewer_than_the_loop_makes(timeout: int, longest: int) -> None:
    wait, passed, made = float(min(FIRST_POLL_SECONDS, longest)), 0.0, 0
    while passed < timeout:
        passed += min(wait, timeout - passed)
        made += 1
        wait = min(-(-wait * POLL_GROWTH // 1), longest)

    assert made <= limits.polls(timeout, longest) <= made + 2


def test_polling_beyond_the_history_of_a_run_is_refused_by_naming_the_setting() -> None:
    fits = [stage("a", polled(86_400, 60)), stage("b", polled(3600, 60))]
    twice = [stage("a", polled(86_400, 60)), stage("b", polled(86_400, 60, "other"))]

    limits.check_machine(fits, "{}")
    with pytest.raises(BadRequestError, match=r"PollMaxSeconds: .* raise PollMaxSeconds or lower TimeoutSeconds"):
        limits.check_machine(twice, "{}")


def test_a_sync_operation_costs_no_polls() -> None:
    limits.check_machine([stage("a", *(operation(f"op-{number}") for number in range(40)))] * 2, "{}")


def test_more_stages_than_a_workflow_may_have_are_refused() -> None:
    with pytest.raises(BadRequestError, match="Stages: 21 stages; a workflow may have 20"):
        limits.check_machine([stage(f"s-{number}", operation("a")) for number in range(21)], "{}")


def test_more_uses_than_a_transaction_can_note_are_refused() -> None:
    wide = [
        stage(f"s-{position}", *(operation(f"op-{position}-{number}") for number in range(5 if position < 4 else 4)))
        for position in range(19)
    ]

    with pytest.raises(BadRequestError, match="Stages: 99 different stages and operations; a workflow may use 90"):
        limits.check_machine(wide, "{}")


def test_a_definition_near_the_limit_of_aws_is_refused() -> None:
    with pytest.raises(BadRequestError, match="the state machine has 900001 bytes"):
        limits.check_machine([stage("a", operation("a"))], "x" * 900_001)


def capped(count: int, kind: OperationType = "Sync", start: int = 0) -> list[RevisionOperation]:
    return [replace(operation(f"op-{start + number}", kind), max_concurrent=1) for number in range(count)]


@pytest.mark.parametrize(
    "stages",
    [
        [stage("a", *capped(40, "Callback")), stage("b", *capped(9, start=40))],
        [stage("a", *capped(40)), stage("b", *capped(39, start=40)), stage("c", operation("x", "Wait"))],
        [stage("a", *capped(40, "Callback")), stage("b", *capped(40, "Callback"))],
    ],
)
def test_what_a_run_holds_at_a_time_fits_a_transaction(stages: list[RevisionStage]) -> None:
    limits.check_machine(stages, "{}")


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        ([stage("a", *capped(40, "Callback")), stage("b", *capped(10, start=40))], "51 slots .* 40 task"),
        ([stage("a", *capped(40, "Wait")), stage("b", *capped(40, start=40))], "81 slots .* 40 task"),
    ],
)
def test_more_than_a_run_can_give_back_at_once_is_refused(stages: list[RevisionStage], told: str) -> None:
    with pytest.raises(BadRequestError, match=rf"Stages: a run would hold {told} .* may hold 90 of both"):
        limits.check_machine(stages, "{}")
