"""Who answered what a stage waited for, as its outputs keep it once the tokens are gone."""

from __future__ import annotations

from chalicelib.definitions.revision import TOKEN_TYPES, RevisionStage
from chalicelib.executions import tokens
from chalicelib.executions.rollup import Output
from chalicelib.executions.run import Run


def signed(run: Run, stage: RevisionStage, outputs: list[Output]) -> list[Output]:
    """The outputs of a run's open stage, those of answered tokens with who answered them, when and why.

    The tokens are read now: what is in the outputs must have been read before.
    """
    given = {
        stage.operations[token.operation].name: _facts(token) for token in _of_stage(run, stage) if token.answered
    }
    return [{**made, **given.get(made["Name"], {})} for made in outputs]


def _of_stage(run: Run, stage: RevisionStage) -> list[tokens.TokenItem]:
    return tokens.of_stage(run) if any(operation.type in TOKEN_TYPES for operation in stage.operations) else []


def _facts(token: tokens.TokenItem) -> Output:
    facts = {"Answered": token.answered, "AnsweredBy": token.by, "Reason": token.reason}
    return {name: fact for name, fact in facts.items() if fact}
