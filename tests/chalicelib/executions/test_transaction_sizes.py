"""Every move of the largest runs that may be defined fits a DynamoDB transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from chalicelib.aws.transaction import MAX_WRITES, Write
from chalicelib.definitions import limits
from chalicelib.definitions.revision import OperationType, Revision, RevisionOperation
from chalicelib.executions import attempts, caps, moves, queue, store, tokens
from chalicelib.executions.run import Run, Slot, StagePart
from chalicelib.executions.statuses import LIVE, Status
from chalicelib.executions.tokens import Reply, TokenItem
from tests.chalicelib.executions.conftest import MACHINE, operation, revision, stage

NOW = "2026-11-21T00:00:00.000000Z"


def operations(count: int, kind: OperationType, start: int, *, is_capped: bool) -> list[RevisionOperation]:
    return [
        operation(f"op-{number}", type=kind, max_concurrent=5 if is_capped else None)
        for number in range(start, start + count)
    ]


def many_tokens() -> Revision:
    """Forty tokens, each of a capped operation, and as many more capped operations as are allowed."""
    wide = operations(20, "Callback", 0, is_capped=True) + operations(20, "Wait", 20, is_capped=True)
    return revision(stage("a", *wide), stage("b", *operations(9, "Sync", 40, is_capped=True)), max_concurrent=5)


def many_slots() -> Revision:
    """As many capped operations as a workflow may have, and tokens of others."""
    first = operations(40, "Sync", 0, is_capped=True)
    second = operations(31, "Sync", 40, is_capped=True) + operations(9, "Wait", 71, is_capped=False)
    return revision(stage("a", *first), stage("b", *second), max_concurrent=5)


def many_stages() -> Revision:
    """Twenty stages of four, twelve of the sixty-eight operations twice."""
    each = [operations(4, "Callback", 4 * number % 68, is_capped=True) for number in range(20)]
    return revision(*(stage(f"s{number}", *four) for number, four in enumerate(each)), max_concurrent=5)


@pytest.fixture(params=[many_tokens, many_slots, many_stages], ids=lambda made: made.__name__)
def largest(request: pytest.FixtureRequest, aws: None) -> Revision:
    made: Revision = request.param()
    limits.check_machine(made.stages, "{}")
    return made


def run_in(status: Status, largest: Revision, position: int) -> Run:
    pools = caps.pools_of(largest)
    return Run(
        id="run",
        subject="workflow",
        workflow=largest.name,
        revision=largest.id,
        machine_arn=MACHINE,
        asset_id="asset",
        status=status,
        attempt=1,
        current_stage=position,
        stage_name=largest.stages[position].name,
        stages=len(largest.stages),
        created=NOW,
        queued=NOW,
        changed=NOW,
        pools=pools,
        slots=slots(caps.ahead(largest, position)) if status is Status.STARTED else (),
    )


def slots(pools: Sequence[str]) -> tuple[Slot, ...]:
    return tuple(Slot(pool, 1) for pool in ("global", *pools))


def fits(writes: Sequence[Write]) -> bool:
    requests = [write.request for write in writes]
    keys = [str(request.get("Key") or [request["Item"][name] for name in ("Id", "Part")]) for request in requests]
    assert len(set(keys)) == len(keys), "a transaction may name an item once"
    return len(writes) <= MAX_WRITES


def test_admission_fits(largest: Revision) -> None:
    run = run_in(Status.QUEUED, largest, 0)
    assert fits(moves.admit(queue.entry_of(run), list(slots(run.pools)), NOW))
    assert fits([store.demand(run.fence, LIVE), *queue.put_missing(run, queue.entry_of(run))])


@pytest.mark.parametrize("status", LIVE)
def test_every_end_fits(largest: Revision, status: Status) -> None:
    for position in range(len(largest.stages)):
        run = run_in(status, largest, position)
        end = moves.End(NOW, 1, tokens.token_parts(largest, position))
        assert fits(moves.cancel(run, "[]", end, "no", "me"))
        assert fits(moves.ended_outside(run, "[]", end, "no"))
        assert fits(moves.out_of_time(run, "[]", end, "no"))
        assert fits(moves.finish(run, "[]", end, "no"))


def test_every_passed_stage_fits(largest: Revision) -> None:
    for position in range(len(largest.stages) - 1):
        run = run_in(Status.STARTED, largest, position)
        passed = caps.passed(run, largest, position + 1)
        assert fits(moves.stage_done(run, "[]", NOW, "next", "{}", passed, tokens.token_parts(largest, position)))


@pytest.mark.parametrize("status", [Status.STARTED, Status.WAITING, Status.RESUMED])
def test_every_wait_and_resume_fits(largest: Revision, status: Status) -> None:
    for position, wide in enumerate(largest.stages):
        run = run_in(status, largest, position)
        waits = [TokenItem(position, number, 1, "wait", NOW) for number in range(len(wide.operations))]
        assert fits(moves.wait(run, waits[0], NOW))
        entry = queue.resumed_entry(run, NOW, caps.ahead(largest, position))
        answers = [tokens.answer(run, token, Reply(NOW, "me", "{}")) for token in waits]
        unasked = [token.part for token in waits]
        assert fits(moves.resume(run, entry, answers, [], [], NOW))
        assert fits(moves.resume(run, entry, [], [], unasked, NOW))
        assert fits(moves.resume(run, entry, answers[:1], waits[1:], [], NOW))


def test_every_retry_fits(largest: Revision) -> None:
    for position in range(len(largest.stages)):
        run = run_in(Status.ERROR, largest, position)
        following = moves.following_attempt(run, NOW, MACHINE, caps.ahead(largest, position))
        parts = [StagePart(number, "{}", outputs="[]", override="{}") for number in range(position + 1)]
        replanned = [store.replan_stage(following, part, {"Status": "Started"}) for part in parts]
        assert fits(moves.retry(run, following, attempts.put(run, [], "me"), replanned))


def test_a_stage_that_runs_alone_fits(aws: None) -> None:
    alone = replace(revision(stage("a", *operations(40, "Callback", 0, is_capped=True))), subject="stage")
    limits.check_machine(alone.stages, "{}")
    run = run_in(Status.STARTED, alone, 0)
    assert fits(moves.cancel(run, "[]", moves.End(NOW, 1, tokens.token_parts(alone, 0)), "no", "me"))
