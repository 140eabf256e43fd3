"""`TextLanguage`: the language and the scripts of a text."""

from __future__ import annotations

from mediawright import Task, operator
from operators.media import languages, operation, texts


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    verdict = languages.told(texts.read(operation.fetched(task)).content)
    summary = {"Language": verdict.language, "Confidence": verdict.confidence}
    operation.report(task, {**summary, "Scripts": verdict.scripts, "Candidates": verdict.candidates}, summary)
