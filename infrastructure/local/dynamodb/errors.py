"""DynamoDB's errors in the words that AWS uses; moto's responses render them as they are."""

from __future__ import annotations

from typing import Any

from moto.core.exceptions import JsonRESTError

from infrastructure.local.dynamodb.json_text import dumps

_NAMESPACE = "com.amazonaws.dynamodb.v20120810#"


class DynamoError(JsonRESTError):
    """One refused request; `kind` is AWS's error code, `members` its own members, such as CancellationReasons."""

    code = 400

    def __init__(self, kind: str, text: str, **members: Any) -> None:
        super().__init__(_NAMESPACE + kind, text)
        self.kind = kind
        self.text = text
        self.members = members
        self.description = dumps({"__type": _NAMESPACE + kind, **self.body()})

    def body(self) -> dict[str, Any]:
        """The error's members as they stand in the answer."""
        message = "Message" if self.kind == "TransactionCanceledException" else "message"
        return {message: self.text, **self.members}


class UnfitItem(DynamoError):
    """What only the stored item shows to be wrong."""

    def __init__(self, text: str) -> None:
        super().__init__("ValidationException", text)


def invalid(text: str) -> DynamoError:
    """A ValidationException."""
    return DynamoError("ValidationException", text)


def condition_failed(item: dict[str, Any] | None) -> DynamoError:
    """The condition did not hold; `item` is the wire form of what stood there, when asked for."""
    members = {} if item is None else {"Item": item}
    return DynamoError("ConditionalCheckFailedException", "The conditional request failed", **members)


def cancelled(reasons: list[dict[str, Any]]) -> DynamoError:
    """A transaction that took no effect; one reason per action, in order."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return DynamoError("TransactionCanceledException", text, CancellationReasons=reasons)
