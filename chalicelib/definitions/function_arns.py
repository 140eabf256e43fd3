"""ARNs of Lambda functions as operations name them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):lambda:(?P<region>[a-z]{2}[a-z0-9-]*-\d):(?P<account>\d{12})"
    r":function:(?P<name>[A-Za-z0-9_-]{1,140})(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]{1,128}))?"
)


@dataclass(frozen=True)
class FunctionArn:
    """A function's ARN in its parts; `unqualified` is that of the function without version or alias."""

    partition: str
    region: str
    account: str
    unqualified: str


def parse(text: str) -> FunctionArn | None:
    """The parts of an ARN; None when the text is no function's ARN."""
    match = _ARN.fullmatch(text)
    if match is None:
        return None
    unqualified = text[: -len(match["qualifier"]) - 1] if match["qualifier"] else text
    return FunctionArn(match["partition"], match["region"], match["account"], unqualified)


def checked(text: str) -> str:
    """The text, which must be a function's ARN: in a definition, other text could be an expression.

    Raises ValueError; what users send was refused long before.
    """
    if parse(text) is None:
        raise ValueError(f"not the ARN of a Lambda function: {text!r}")
    return text
