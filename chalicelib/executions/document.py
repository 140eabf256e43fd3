"""The nested document that clients of the old engine know, built from a run's small items on the way out."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from chalicelib.aws.clock import epoch
from chalicelib.aws.stepfunctions import execution_arn
from chalicelib.definitions import revisions
from chalicelib.definitions.revision import Revision, RevisionOperation, RevisionStage, Subject
from chalicelib.definitions.stage_input import BranchPlan, Globals, StageInput, branch_key
from chalicelib.executions import attempts, plan, progress, rollup, tokens
from chalicelib.executions.plan import Override
from chalicelib.executions.rollup import Output
from chalicelib.executions.run import Document, Run, StagePart
from chalicelib.executions.statuses import ENDED, StageStatus, Status
from chalicelib.executions.store import Stored
from chalicelib.executions.tokens import TokenItem
from chalicelib.web.documents import compact, stored_document

API_VERSION = "3.0.0"
_TIMES = ("Queued", "Started", "Ended")
ATTEMPTS_CHARACTERS = 1_000_000
"""How much of earlier attempts' outputs a run's document repeats."""
ECHOED_CHARACTERS = 200_000
"""How much of a stage's input its outputs may repeat together: a Lambda's answer holds 6 MB."""


def execution_document(run: Run, stages: dict[int, StagePart], revision: Revision) -> Document:
    """A run as `GET /workflow/execution/{id}` answers it (contract chapter 5.1)."""
    override = _override(stages)
    document: Document = {
        "Id": run.id,
        "WorkflowExecutionId": run.id,
        "Trigger": run.trigger,
        "Status": run.status.value,
        "CurrentStage": _current(run),
        "Globals": _globals(stages),
        "Configuration": override,
        "AssetId": run.asset_id,
        "Version": "v0",
        "Created": old_time(run.created),
        "ResourceType": "WORKFLOW_EXECUTION",
        "ApiVersion": API_VERSION,
        "Attempt": run.attempt,
        "Priority": run.priority,
        "Workflow": _workflow(run, stages, revision, plan.normalised(revision, override)),
    }
    return document | _later_facts(run)


def whole_document(stored: Stored, revision: Revision) -> Document:
    """The same of a run that was read with all its items: with its earlier attempts and what it waits for."""
    run = stored.run
    document = execution_document(run, stored.stages, revision)
    _add_progress(document, stored, revision)
    earlier = [_attempt(facts) for facts in attempts.parsed(stored.others)]
    if earlier:
        document["Attempts"] = _carried_attempts(earlier)
    waits = [_wait(tokens.parsed(item), revision) for item in stored.others if item["Part"].startswith("token#")]
    if waits:
        document["Waits"] = waits
    return document


def _add_progress(document: Document, stored: Stored, revision: Revision) -> None:
    """To each stage, how far those of its operations are that told."""
    for position, stage in enumerate(revision.stages):
        shown = document["Workflow"]["Stages"][stage.name]
        completed = [made["Name"] for made in shown.get("Outputs", []) if made["Status"] == "Complete"]
        if told := progress.of_stage(stored.others, stored.run.attempt, position, stage, completed):
            shown["Progress"] = told


def _carried_attempts(earlier: list[Document]) -> list[Document]:
    """The attempts, with the outputs of as many of the latest as one answer carries."""
    size = 0
    carried: list[Document] = []
    for facts in reversed(earlier):
        size += len(compact(facts.get("Outputs", [])))
        carried.append(facts if size <= ATTEMPTS_CHARACTERS else {**facts, "Outputs": [], "OutputsLeftOut": True})
    return carried[::-1]


def _attempt(facts: Document) -> Document:
    """An earlier attempt as it was kept, with times as the old API spells them."""
    return {name: old_time(value) if name in _TIMES else value for name, value in facts.items()}


def _wait(token: TokenItem, revision: Revision) -> Document:
    """What a stage waits for, or was told; the token itself is nobody's business."""
    stage = revision.stages[token.stage]
    facts: Document = {
        "Stage": stage.name,
        "Operation": stage.operations[token.operation].name,
        "Kind": "Wait" if token.kind == "wait" else "Callback",
        "Since": old_time(token.since),
    }
    if token.answered:
        facts |= {"Answered": old_time(token.answered), "AnsweredBy": token.by}
    if token.reason:
        facts["Reason"] = token.reason
    return facts


def summary(run: Run) -> Document:
    """A run in the small shape of the lists by status and asset."""
    document: Document = {
        "Id": run.id,
        "AssetId": run.asset_id,
        "CurrentStage": _current(run),
        "Status": run.status.value,
        "Workflow": {"Name": run.workflow},
        "Created": old_time(run.created),
    }
    return document | _later_facts(run)


def carried_along(stages: dict[int, StagePart]) -> tuple[Globals, Override]:
    """What a run has gathered so far, and the configuration that it was given."""
    return _globals(stages), _override(stages)


def old_time(moment: str) -> str:
    """An ISO time as the old API's text: seconds since 1970."""
    return f"{epoch(moment):.6f}"


def _later_facts(run: Run) -> Document:
    facts: Document = {}
    if run.started:
        facts["StateMachineExecutionArn"] = execution_arn(run.machine_arn, run.execution_name)
        facts["Started"] = old_time(run.started)
    if run.ended:
        facts["Ended"] = old_time(run.ended)
    if run.message:
        facts["Message"] = run.message
    if run.timeout_seconds:
        facts["TimeoutSeconds"] = run.timeout_seconds
    if run.batch:
        facts["Batch"] = run.batch
    if run.owner and run.job_type:
        facts |= {"Owner": run.owner, "JobType": run.job_type}
    if run.status is Status.CANCELED and run.ended_by:
        facts["CanceledBy"] = run.ended_by
    return facts


def _current(run: Run) -> str:
    return "End" if run.status is Status.COMPLETE else run.stage_name


def _override(stages: dict[int, StagePart]) -> Override:
    text = stages[0].override if 0 in stages else None
    override: Override = stored_document(text) if text else {}
    return override


def _globals(stages: dict[int, StagePart]) -> Globals:
    """What the run has gathered: the last entered stage's input with that stage's outputs merged into it."""
    if not stages:
        return {"Media": {}, "MetaData": {}}
    last = stages[max(stages)]
    stage_input: StageInput = stored_document(last.input)
    outputs: list[Output] = stored_document(last.outputs) if last.outputs else []
    return rollup.merge(stage_input["Input"], outputs)


def _workflow(run: Run, stages: dict[int, StagePart], revision: Revision, override: Override) -> Document:
    return {
        **revision.document,
        "Stages": {
            stage.name: _stage(run, position, stage, revision, stages.get(position), override)
            for position, stage in enumerate(revision.stages)
        },
    }


def _stage(
    run: Run, position: int, stage: RevisionStage, revision: Revision, part: StagePart | None, override: Override
) -> Document:
    following: dict[str, Any] = {"End": True}
    if position + 1 < len(revision.stages):
        following = {"Next": revision.stages[position + 1].name}
    document: Document = {
        **stage.document,
        "Name": stage.name,
        "Operations": [operation.name for operation in stage.operations],
        "Configuration": {operation.name: plan.merged(stage, operation, override) for operation in stage.operations},
        "Definition": _definition_texts(revision.subject, revision.name, revision.id)[position],
        **following,
        "Status": part.status if part else StageStatus.NOT_STARTED.value,
        "Metrics": {},
        "MetaData": {},
        "AssetId": run.asset_id,
        "WorkflowExecutionId": run.id,
    }
    return document | (_entered(run, stage, part) if part else {})


@lru_cache(maxsize=256)
def _definition_texts(subject: Subject, name: str, revision_id: str) -> tuple[str, ...]:
    """Every stage's own state machine as text; a revision never changes."""
    revision = revisions.get(subject, name, revision_id)
    return tuple(revisions.definition_text([stage]) for stage in revision.stages)


def _entered(run: Run, stage: RevisionStage, part: StagePart) -> Document:
    stage_input: StageInput = stored_document(part.input)
    document: Document = {"Input": stage_input["Input"]}
    if part.outputs is not None:
        made: list[Output] = stored_document(part.outputs)
        document["Outputs"] = [_output(run, stage, stage_input, output) for output in made]
        if len(part.input) * len(made) <= ECHOED_CHARACTERS:
            for output in document["Outputs"]:
                output["Input"] = stage_input["Input"]
    if part.ended:
        document["Ended"] = old_time(part.ended)
    if part.message:
        document["Message"] = part.message
    if run.status in ENDED and part.outputs is None:
        document["Status"] = StageStatus.ERROR.value
    return document


def _output(run: Run, stage: RevisionStage, stage_input: StageInput, output: Output) -> Document:
    """One operation's output with the members that every old output echoed, but the input, which its stage has."""
    operation, position = _operation(stage, output["Name"])
    branch: BranchPlan = stage_input["Plan"][branch_key(position)]
    configuration = branch["Event"]["Configuration"] if "Event" in branch else operation.configuration
    return {
        **output,
        "AssetId": run.asset_id,
        "WorkflowExecutionId": run.id,
        "Configuration": configuration,
    }


def _operation(stage: RevisionStage, name: str) -> tuple[RevisionOperation, int]:
    names = [operation.name for operation in stage.operations]
    position = names.index(name)
    return stage.operations[position], position
