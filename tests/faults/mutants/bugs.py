"""The seeded bugs: what a tired engineer might do to each of the engine's promises."""

from __future__ import annotations

from tests.faults.mutants import Mutant

EXECUTIONS = "chalicelib.executions"

NO_SEQUENCE = "fence = Fence(fence.run_id, fence.attempt, fence.created)"

BUGS = (
    Mutant(
        "the end of one attempt's state machine closes the next attempt",
        "canceled and retried, retried between",
        f"{EXECUTIONS}.close",
        "ended_outside",
        "stored.run.attempt != attempt or ",
        "",
    ),
    Mutant(
        "neither status nor sequence is a condition of a move",
        "sync, cancel between",
        f"{EXECUTIONS}.store",
        "_standing",
        'text = f"#attempt = :attempt AND #status IN (',
        f'{NO_SEQUENCE}; text = f"#attempt = :attempt AND attribute_exists(#status) OR #status IN (',
    ),
    Mutant(
        "the stage is no condition of a move",
        "canceled while it goes on, goes on between",
        f"{EXECUTIONS}.store",
        "_standing",
        "if wanted is not None:",
        "if wanted is not None and placeholder != 'stage':",
    ),
    Mutant(
        "a run that ends keeps its slots",
        "sync, nothing injected",
        f"{EXECUTIONS}.moves",
        "_given_back",
        "return [pools.delete_slot(slot, run.id, run.attempt) for slot in run.slots]",
        "return []",
    ),
    Mutant(
        "the slots are freed before the run's end is written",
        "sync, nothing injected",
        f"{EXECUTIONS}.complete",
        "_close",
        "transaction.commit(moves.finish(run, outputs, end, message))",
        "transaction.commit([moves.pools.delete_slot(slot, run.id, run.attempt) for slot in run.slots]); "
        "transaction.commit(moves.finish(run, outputs, end, message))",
    ),
    Mutant(
        "a slot is taken without looking whether it is free",
        "two runs, two slots, rival between",
        f"{EXECUTIONS}.pools",
        "put_slot",
        'item, transaction.absent("Id"), SlotTaken',
        "item",
    ),
    Mutant(
        "a posted run isn't queued",
        "sync, nothing injected",
        f"{EXECUTIONS}.moves",
        "submit",
        "queue.put(queue.entry_of(run)),",
        "",
    ),
    Mutant(
        "the state machine is started before the admission is committed",
        "two runs, two slots, cancel between",
        f"{EXECUTIONS}.admit",
        "_admit",
        "    try:\n",
        "    start(entry, inputs.get(entry.fence.run_id))\n    try:\n",
    ),
    Mutant(
        "an answer is noted as sent before it is sent",
        "waiting, dies before",
        f"{EXECUTIONS}.sending",
        "send_one",
        "    try:\n        _tell(",
        "    transaction.commit([tokens.mark_sent(run, token, clock.now())])\n    try:\n        _tell(",
    ),
    Mutant(
        "the sweep doesn't look at runs that hold a slot",
        "sync, dies before",
        f"{EXECUTIONS}.sweep_runs",
        "_started",
        "rightful.append(run)",
        "pass",
    ),
    Mutant(
        "a canceled run's state machine isn't remembered",
        "canceled while polled, dies before",
        f"{EXECUTIONS}.moves",
        "cancel",
        "*([queue.put_stopping(run, end.when)] if run.status in ENTERED else []),",
        "",
    ),
    Mutant(
        "outputs of an interrupted stage aren't saved",
        "canceled, nothing injected",
        f"{EXECUTIONS}.close",
        "_salvaged",
        "stepfunctions.history(run.machine_arn, run.execution_name)",
        "[]",
    ),
    Mutant(
        "a retry runs again what was completed",
        "retried, nothing injected",
        f"{EXECUTIONS}.retry",
        "_reopened",
        "rollup.completed(stored_document(part.outputs)) if part.outputs else {}",
        "{}",
    ),
    Mutant(
        "an ended run keeps its asset",
        "sync, nothing injected",
        f"{EXECUTIONS}.moves",
        "_ending",
        "assets.unlock_for_run(run.asset_id, run.id),",
        "",
    ),
    Mutant(
        "the publisher goes on after a failure",
        "sync, fails before",
        "chalicelib.events.publisher",
        "_each",
        'return _Left(ordered[done:], f"{type(error).__name__}: {error}"[:1000])',
        "return None",
    ),
)
