"""Gives moto's DynamoDB another data plane; tables, tags, backups and templates stay moto's.

Every operation on items takes the request's JSON and gives the answer's. moto's other readers of a table (PartiQL,
exports, backups) see the same rows through `Table`'s own methods.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodb.responses import DynamoHandler

from infrastructure.local.dynamodb import items, queries, transactions
from infrastructure.local.dynamodb.errors import DynamoError
from infrastructure.local.dynamodb.json_text import dumps
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import LOCK, rows_of
from infrastructure.local.dynamodb.values import to_attributes, to_wire
from infrastructure.local.meter import METER

Operation = Callable[[Any, dict[str, Any]], dict[str, Any]]

OPERATIONS: dict[str, Operation] = {
    "BatchGetItem": items.batch_get_item,
    "BatchWriteItem": items.batch_write_item,
    "DeleteItem": items.delete_item,
    "GetItem": items.get_item,
    "PutItem": items.put_item,
    "Query": queries.query,
    "Scan": queries.scan,
    "TransactGetItems": transactions.transact_get_items,
    "TransactWriteItems": transactions.transact_write_items,
    "UpdateItem": items.update_item,
}

_moto_call_action: Any = DynamoHandler.call_action
_moto_from_template: Any = Table.create_from_cloudformation_json
_as_class_method: Any = classmethod
_HEADERS = {"Content-Type": "application/x-amz-json-1.0"}


def perform(backend: Any, operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """Carry out one operation on items; raises DynamoError, or moto's ResourceNotFoundException."""
    METER.count("dynamodb." + operation)
    try:
        return OPERATIONS[operation](backend, body)
    except KeyError as missing:
        raise DynamoError("ValidationException", f"The request lacks the member {missing}") from missing


def install() -> None:
    """Take over moto's DynamoDB requests and the storage of its tables. Idempotent; before the first table."""
    table: Any = Table
    handler: Any = DynamoHandler
    handler.call_action = _call_action
    table.put_item = _put_item
    table.get_item = _get_item
    table.delete_item = _delete_item
    table.all_items = _all_items
    table.__len__ = lambda self: len(rows_of(self))
    table.create_from_cloudformation_json = _as_class_method(_from_template)
    shard: Any = StreamShard
    # moto would invoke Lambda functions in the middle of a write
    shard.add = lambda *_: None


def _call_action(self: Any) -> tuple[int, dict[str, str], str]:
    operation = self._get_action()
    if operation not in OPERATIONS:
        METER.count(f"dynamodb.{operation}")
        return _moto_call_action(self)  # type: ignore[no-any-return]
    try:
        self._authenticate_and_authorize_normal_action("*")
        answer = perform(self.dynamodb_backend, operation, json.loads(self.raw_body))
    except JsonRESTError as error:
        return error.code, dict(_HEADERS), error.description
    return 200, dict(_HEADERS), dumps(answer)


def _put_item(self: Any, item_attrs: dict[str, Any], *_: Any, **__: Any) -> Any:
    """For moto's imports and PartiQL."""
    rows = rows_of(self)
    row = rows.row(to_attributes(item_attrs))
    with LOCK:
        rows.change(rows.get(row.key), row)
    return _moto_item(self, row)


def _moto_item(table: Any, row: Row) -> Any:
    wire = json.loads(dumps(to_wire(row.attributes)))
    range_key = DynamoType(wire[table.range_key_attr]) if table.range_key_attr else None
    return Item(DynamoType(wire[table.hash_key_attr]), range_key, wire)


def _row(table: Any, hash_key: Any, range_key: Any) -> Row | None:
    rows = rows_of(table)
    wire = {name: key.to_json() for name, key in zip(rows.schema.names, (hash_key, range_key), strict=False)}
    return rows.get(rows.schema.key_of_request(wire))


def _get_item(self: Any, hash_key: Any, range_key: Any = None, projection_expression: Any = None) -> Any:
    row = _row(self, hash_key, range_key)
    item = None if row is None else _moto_item(self, row)
    return item.project(projection_expression) if item is not None and projection_expression else item


def _delete_item(self: Any, hash_key: Any, range_key: Any) -> Any:
    with LOCK:
        row = _row(self, hash_key, range_key)
        if row is None:
            return None
        rows_of(self).change(row, None)
    return _moto_item(self, row)


def _all_items(self: Any) -> list[Any]:
    return [_moto_item(self, row) for row in rows_of(self).after(None)]


def _from_template(
    cls: Any, resource_name: str, cloudformation_json: dict[str, Any], *args: Any, **kwargs: Any
) -> Any:
    """moto leaves out a template's time to live, point-in-time recovery and encryption."""
    table = _moto_from_template.__func__(cls, resource_name, cloudformation_json, *args, **kwargs)
    properties = cloudformation_json["Properties"]
    time_to_live = properties.get("TimeToLiveSpecification")
    if time_to_live:
        enabled = str(time_to_live.get("Enabled")).lower() == "true"
        table.ttl["TimeToLiveStatus"] = "ENABLED" if enabled else "DISABLED"
        table.ttl["AttributeName"] = time_to_live.get("AttributeName")
    recovery = properties.get("PointInTimeRecoverySpecification") or {}
    if str(recovery.get("PointInTimeRecoveryEnabled")).lower() == "true":
        table.continuous_backups["PointInTimeRecoveryDescription"] = {"PointInTimeRecoveryStatus": "ENABLED"}
    encryption = properties.get("SSESpecification")
    if encryption:
        # one member has another name in the API, which is the one that moto looks for
        table.sse_specification = {**encryption, "Enabled": str(encryption.get("SSEEnabled")).lower() == "true"}
    return table
