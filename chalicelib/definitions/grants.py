"""The functions of operations: that they exist, and that the workflow role may invoke them.

The role may invoke what carries the tag `mediawright: <stack>` and what the parameter OperatorFunctionArns lists.
Registering sets the tag (`OperatorGrants: automatic`) or asks its owner to (`manual`). A tag covers all versions and
aliases of a function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.aws import functions
from chalicelib.aws.settings import Settings, settings
from chalicelib.definitions.function_arns import FunctionArn, parse
from chalicelib.definitions.rules import Document, function_fields
from chalicelib.web.errors import BadRequestError, MediawrightError, UnavailableError, shown

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

TAG = "mediawright"
ENGINES_OWN = "the engine itself"
"""The tag's value on the engine's functions, which are nobody's operators. No stack has such a name."""
_THROTTLING = ("TooManyRequestsException", "ThrottlingException")


@dataclass(frozen=True)
class Grant:
    """A tag still to be set on a function."""

    function_arn: str

    def give(self) -> None:
        """Let the workflow role invoke the function.

        Raises BadRequestError when the function may not be tagged, and UnavailableError when Lambda is busy.
        """
        from botocore.exceptions import ClientError

        try:
            functions.tag(self.function_arn, {TAG: settings().stack_name})
        except ClientError as error:
            raise _refused(f"{self.function_arn} can't be given the tag {TAG}", error) from error


def check(document: Document) -> list[Grant]:
    """The grants that an operation's functions need.

    Raises BadRequestError, naming the field, for a function that doesn't exist or can't be granted.
    """
    grants = [_checked(field, document[field], settings()) for field in function_fields(document)]
    return list(dict.fromkeys(grant for grant in grants if grant is not None))


def _checked(field: str, arn: str, stack: Settings) -> Grant | None:
    function = parse(arn)
    if function is None:
        raise BadRequestError(f"{field}: {shown(arn)} is not the ARN of a Lambda function")
    # as it is written: IAM takes a version or an alias for another resource than the function
    listed = arn in stack.operator_function_arns
    _check_place(field, function, listed, stack)
    if function.account != _own(stack, 4):
        return None
    tags = _tags(field, arn)
    return None if listed else _missing_grant(field, function, tags.get(TAG), stack)


def _check_place(field: str, function: FunctionArn, listed: bool, stack: Settings) -> None:
    if function.partition != _own(stack, 1) or function.region != stack.region:
        raise BadRequestError(
            f"{field}: the function is in {function.region} ({function.partition});"
            f" Step Functions invokes functions of its own Region only, {stack.region} ({_own(stack, 1)})"
        )
    if function.account != _own(stack, 4) and not listed:
        raise BadRequestError(
            f"{field}: the function belongs to account {function.account};"
            " list this very ARN in the stack parameter OperatorFunctionArns first"
        )


def _tags(field: str, arn: str) -> dict[str, str]:
    from botocore.exceptions import ClientError

    try:
        answer = functions.describe(arn)
    except ClientError as error:
        raise _refused(f"{field}: Lambda refuses to describe the function", error) from error
    if answer is None:
        raise BadRequestError(f"{field}: no such function: {arn}")
    tags: dict[str, str] = answer.get("Tags") or {}
    return tags


def _refused(what: str, error: ClientError) -> MediawrightError:
    code = error.response["Error"]["Code"]
    if code in _THROTTLING:
        return UnavailableError("Lambda is throttling this request; try again later")
    return BadRequestError(f"{what} ({code})")


def _missing_grant(field: str, function: FunctionArn, tag: str | None, stack: Settings) -> Grant | None:
    if tag == stack.stack_name:
        return None
    if tag == ENGINES_OWN:
        raise BadRequestError(f"{field}: {function.unqualified} is a function of the engine itself")
    if stack.operator_grants == "manual":
        raise BadRequestError(f"{field}: set the tag {TAG}={stack.stack_name} on {function.unqualified} first")
    if tag is not None:
        raise BadRequestError(
            f"{field}: {function.unqualified} carries the tag {TAG}={shown(tag)[1:-1]} of another stack;"
            " list its ARN in the stack parameter OperatorFunctionArns instead"
        )
    return Grant(function.unqualified)


def _own(stack: Settings, part: int) -> str:
    """A part of our own ARNs: 1 is the partition, 4 the account."""
    return stack.workflow_role_arn.split(":")[part]
