"""Lambda functions as operations name them."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client, code


def describe(arn: str) -> dict[str, Any] | None:
    """`Configuration` and `Tags` of a function by its ARN; None when there is no such function.

    Raises the SDK's ClientError when AWS refuses the question.
    """
    try:
        answer: dict[str, Any] = client("lambda").get_function(FunctionName=arn)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        return None
    return answer


def tag(arn: str, tags: dict[str, str]) -> None:
    """Add tags to a function (not to a version or alias: strip those first)."""
    client("lambda").tag_resource(Resource=arn, Tags=tags)


def invoke_later(arn: str, payload: str) -> None:
    """Hand an event to a function without waiting; raises the SDK's ClientError when Lambda doesn't take it."""
    client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())
