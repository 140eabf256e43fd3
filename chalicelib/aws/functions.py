"""Lambda functions as operations name them."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client, code, patient_client

_MAX_NAME = 256


class FunctionFailed(Exception):
    """What a function that was called raised: the class raised has the name of the function's own error."""


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


def tags(arn: str) -> dict[str, str]:
    """The tags of a function (not of a version or alias); of one that isn't there none."""
    try:
        found: dict[str, str] = client("lambda").list_tags(Resource=arn).get("Tags") or {}
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        return {}
    return found


def untag(arn: str, keys: list[str]) -> None:
    """Remove tags from a function; those it doesn't have are no error, nor is a function that isn't there."""
    try:
        client("lambda").untag_resource(Resource=arn, TagKeys=keys)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise


def invoke_later(arn: str, payload: str) -> None:
    """Hand an event to a function without waiting; raises the SDK's ClientError when Lambda doesn't take it."""
    client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=payload.encode())


def call(arn: str, event: dict[str, Any]) -> Any:
    """Call a function, wait for its answer and return it.

    Raises a FunctionFailed of the name of the function's own error, so that whoever retries by name can tell, and
    the SDK's ClientError when Lambda refuses for now. A function that isn't there is a failure for good.
    """
    try:
        answer = patient_client("lambda").invoke(FunctionName=arn, Payload=json.dumps(event).encode())
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        raise _named("Lambda.ResourceNotFoundException", str(error)) from error
    payload = answer["Payload"].read()
    if "FunctionError" not in answer:
        return json.loads(payload or b"null")
    raise _failure(payload)


def _failure(payload: bytes) -> Exception:
    try:
        told = json.loads(payload)
    except ValueError:
        told = {}
    facts = told if isinstance(told, dict) else {}
    return _named(str(facts.get("errorType") or ""), str(facts.get("errorMessage", "")))


def _named(name: str, message: str) -> FunctionFailed:
    # a class may have any name but one with a null character or half a surrogate pair
    legal = name.replace("\0", "").encode(errors="replace").decode()[:_MAX_NAME]
    named: type[FunctionFailed] = type(legal or "Lambda.Unknown", (FunctionFailed,), {})
    return named(message)
