"""Step Functions: state machines and executions, in the terms of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client, code
from chalicelib.aws.settings import settings

_UNKNOWN = "ExecutionDoesNotExist"
CLOSED_TOKEN = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})
"""The errors of a token whose task is over: answered before, timed out, or asked again with another one."""


def create_machine(name: str, definition: str, tags: dict[str, str]) -> str:
    """Make a state machine and answer its ARN; the same name and definition again answers the same ARN.

    Raises the SDK's ClientError (`StateMachineLimitExceeded`, `InvalidDefinition`, throttling).
    """
    answer = client("stepfunctions").create_state_machine(
        name=name,
        definition=definition,
        roleArn=settings().workflow_role_arn,
        type="STANDARD",
        loggingConfiguration={
            "level": "ERROR",
            "includeExecutionData": False,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": settings().log_group_arn}}],
        },
        tracingConfiguration={"enabled": settings().traces},
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )
    arn: str = answer["stateMachineArn"]
    return arn


def delete_machine(arn: str) -> None:
    """Delete a state machine; its running executions end at their next transition."""
    client("stepfunctions").delete_state_machine(stateMachineArn=arn)


def has_machine(arn: str) -> bool:
    """Whether a state machine exists and isn't being deleted, as AWS sees it, which may be seconds behind."""
    try:
        answer = client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if code(error) != "StateMachineDoesNotExist":
            raise
        return False
    return bool(answer["status"] == "ACTIVE")


def execution_arn(machine_arn: str, name: str) -> str:
    """The ARN of a machine's execution by its name, started or not."""
    return machine_arn.replace(":stateMachine:", ":execution:", 1) + ":" + name


def start(machine_arn: str, name: str, text: str) -> None:
    """Start an execution; a second start with the same name starts nothing and says nothing.

    Raises the SDK's ClientError for everything but `ExecutionAlreadyExists`.
    """
    try:
        client("stepfunctions").start_execution(stateMachineArn=machine_arn, name=name, input=text)
    except ClientError as error:
        if code(error) != "ExecutionAlreadyExists":
            raise


def describe(machine_arn: str, name: str) -> dict[str, Any] | None:
    """What Step Functions says of an execution (`status`, `error`, `cause`, ...); None when it knows none."""
    try:
        answer: dict[str, Any] = client("stepfunctions").describe_execution(
            executionArn=execution_arn(machine_arn, name)
        )
    except ClientError as error:
        if code(error) != _UNKNOWN:
            raise
        return None
    return answer


def stop(machine_arn: str, name: str, error: str, cause: str) -> bool:
    """Stop an execution; one that has ended is left as it is. False when there is none of this name (yet)."""
    try:
        client("stepfunctions").stop_execution(
            executionArn=execution_arn(machine_arn, name), error=error[:256], cause=cause[:32_768]
        )
    except ClientError as refusal:
        if code(refusal) != _UNKNOWN:
            raise
        return False
    return True


def send_success(token: str, output: str) -> None:
    """Complete the task of a token; raises the SDK's ClientError (`TaskTimedOut` when it is closed already)."""
    client("stepfunctions").send_task_success(taskToken=token, output=output)


def send_failure(token: str, error: str, cause: str) -> None:
    """Fail the task of a token; raises as `send_success` does."""
    client("stepfunctions").send_task_failure(taskToken=token, error=error[:256], cause=cause[:32_768])


def send_heartbeat(token: str) -> None:
    """Tell that the task of a token is being worked on; raises as `send_success` does."""
    client("stepfunctions").send_task_heartbeat(taskToken=token)


def history(machine_arn: str, name: str) -> Iterator[dict[str, Any]]:
    """An execution's events with their data, newest first; none when Step Functions knows no such execution."""
    token: dict[str, str] = {}
    while True:
        try:
            answer = client("stepfunctions").get_execution_history(
                executionArn=execution_arn(machine_arn, name),
                maxResults=1000,
                reverseOrder=True,
                includeExecutionData=True,
                **token,
            )
        except ClientError as error:
            if code(error) != _UNKNOWN:
                raise
            return
        yield from answer["events"]
        if "nextToken" not in answer:
            return
        token = {"nextToken": answer["nextToken"]}
