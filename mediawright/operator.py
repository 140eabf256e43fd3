"""Writing an operator: a function of a `Task`, made into a Lambda handler.

    from mediawright import Task, operator

    @operator
    def word_count(task: Task) -> None:
        text = task.download("Text").read_text()
        task.add_metadata(words=len(text.split()))

The handler setting of the Lambda function is `module.word_count`. An asynchronous operation has two functions, both
marked `asynchronous`; the second is called again, later and later, until it says `task.complete()`:

    @operator(asynchronous=True)
    def start(task: Task) -> None:
        task.add_metadata(job=begin(task.source()))

    @operator(asynchronous=True)
    def monitor(task: Task) -> None:
        if ended(task.results["job"]):
            task.complete()

A Callback operation has one function too. What it returns doesn't matter: the operation is over when somebody answers
with `task.token`, by `POST /workflow/execution/{id}/callback` or with Step Functions' SendTaskSuccess:

    @operator(asynchronous=True)
    def begin(task: Task) -> None:
        submit(task.source(), token=task.token, job_name=task.idempotency_key)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

from mediawright import tracing
from mediawright.configuration import ConfigurationCheck
from mediawright.errors import InvalidOutput
from mediawright.task import Task

if TYPE_CHECKING:
    Work = Callable[[Task], Mapping[str, Any] | None]
    """What an author writes: it works on the task, and may return metadata to add."""


class Operator:
    """A Lambda handler around an author's function. Called with the engine's event, it answers its output.

    An error that the function raises is left to Lambda: its class and message become the operation's error and
    cause in the execution; InvalidInput is never tried again.
    """

    def __init__(self, work: Work, configuration_schema: dict[str, Any] | None, asynchronous: bool) -> None:
        functools.update_wrapper(self, work)
        self.work = work
        self.configuration_schema = configuration_schema
        self.asynchronous = asynchronous
        self._check = None if configuration_schema is None else ConfigurationCheck(configuration_schema)

    def __call__(self, event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
        task = Task(event, context)
        if self._check is not None:
            self._check(task.configuration)
        task.status = "Executing" if self.asynchronous else "Complete"
        try:
            with tracing.part(task.name, task.run_id):
                self._run(task)
            return task.output()
        finally:
            task.close()

    def _run(self, task: Task) -> None:
        answer = self.work(task)
        if answer is None:
            return
        if not isinstance(answer, Mapping):
            raise InvalidOutput(
                f"the operator's function returned a {type(answer).__name__}: "
                "return a dictionary of metadata, or nothing"
            )
        task.add_metadata(answer)


@overload
def operator(work: Work) -> Operator: ...


@overload
def operator(
    *, configuration_schema: dict[str, Any] | None = None, asynchronous: bool = False
) -> Callable[[Work], Operator]: ...


def operator(
    work: Work | None = None,
    *,
    configuration_schema: dict[str, Any] | None = None,
    asynchronous: bool = False,
) -> Operator | Callable[[Work], Operator]:
    """Make a function of a Task into a Lambda handler.

    `configuration_schema`: a JSON Schema for the operation's whole Configuration (its `MediaType` and `Enabled` are
    part of it); a Configuration that it refuses raises InvalidInput naming the member, before the function is called.
    `asynchronous`: the answer is `Executing` until the function says `task.complete()`.
    """
    if work is not None:
        return Operator(work, configuration_schema, asynchronous)
    return lambda function: Operator(function, configuration_schema, asynchronous)
