"""DynamoDB: a transaction asks for what its items would ask for, a query of an index for the index."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from moto.dynamodb.models import dynamodb_backends

from infrastructure.local.iam.actions.place import Asks, Parameters, Place
from infrastructure.local.iam.conditions import Context
from infrastructure.local.iam.policies import Request

_BACKENDS: Any = dynamodb_backends
_EQUAL = re.compile(r"([#\w.-]+)\s*=\s*(:\w+)")
_TRANSACTED = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _item(action: str) -> Asks:
    def asks(parameters: Parameters, place: Place) -> list[Request]:
        return [_of_item(action, parameters, place)]

    return asks


def _of_item(action: str, parameters: Parameters, place: Place) -> Request:
    name = parameters["TableName"]
    return _request(action, name, place, lambda: [parameters.get("Key") or parameters["Item"]])


def _request(
    action: str, name: str, place: Place, items: Callable[[], Iterable[dict[str, Any]]], index: str = ""
) -> Request:
    def context() -> Context:
        partition = _partition_key(name, place)
        return {"dynamodb:leadingkeys": tuple(_text(item[partition]) for item in items())}

    return Request(f"dynamodb:{action}", place.arn("dynamodb", f"table/{name}{index}"), context)


def _text(value: dict[str, Any]) -> str:
    return str(next(iter(value.values())))


def _partition_key(name: str, place: Place, index: str | None = None) -> str:
    table = _BACKENDS[place.account][place.region].tables[name]
    if index is None:
        return str(table.hash_key_attr)
    return str(table.get_index(index).schema_key_attrs[0])


def _query(parameters: Parameters, place: Place) -> list[Request]:
    name, index = parameters["TableName"], parameters.get("IndexName")
    action, resource = "dynamodb:Query", f"table/{name}/index/{index}" if index else f"table/{name}"

    def context() -> Context:
        partition = _partition_key(name, place, index)
        aliases = parameters.get("ExpressionAttributeNames", {})
        for left, right in _EQUAL.findall(parameters["KeyConditionExpression"]):
            if aliases.get(left, left) == partition:
                return {"dynamodb:leadingkeys": (_text(parameters["ExpressionAttributeValues"][right]),)}
        return {}

    return [Request(action, place.arn("dynamodb", resource), context)]


def _transact_write(parameters: Parameters, place: Place) -> list[Request]:
    return [
        _of_item(_TRANSACTED[kind], item, place)
        for entry in parameters["TransactItems"]
        for kind, item in entry.items()
    ]


def _transact_get(parameters: Parameters, place: Place) -> list[Request]:
    return [_of_item("GetItem", entry["Get"], place) for entry in parameters["TransactItems"]]


def _batch_get(parameters: Parameters, place: Place) -> list[Request]:
    def of(name: str, keys: list[dict[str, Any]]) -> Request:
        return _request("BatchGetItem", name, place, lambda: keys)

    return [of(name, asked["Keys"]) for name, asked in parameters["RequestItems"].items()]


def _batch_write(parameters: Parameters, place: Place) -> list[Request]:
    def of(name: str, writes: list[dict[str, Any]]) -> Request:
        return _request("BatchWriteItem", name, place, lambda: map(_written, writes))

    return [of(name, writes) for name, writes in parameters["RequestItems"].items()]


def _written(write: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
    return item


OPERATIONS: dict[str, Asks] = {
    **{name: _item(name) for name in ("GetItem", "PutItem", "UpdateItem", "DeleteItem")},
    "Query": _query,
    "TransactWriteItems": _transact_write,
    "TransactGetItems": _transact_get,
    "BatchGetItem": _batch_get,
    "BatchWriteItem": _batch_write,
}
