"""Operations on single items and batches: each takes a request's JSON and gives the answer's."""

from __future__ import annotations

from typing import Any

from infrastructure.local.dynamodb.capacity import Bill, read_units, write_units
from infrastructure.local.dynamodb.errors import DynamoError, invalid
from infrastructure.local.dynamodb.expressions import project, projection_of
from infrastructure.local.dynamodb.limits import MAX_BATCH_READ_BYTES, MAX_BATCH_READS, MAX_BATCH_WRITES
from infrastructure.local.dynamodb.rows import Row
from infrastructure.local.dynamodb.tables import LOCK, rows_of
from infrastructure.local.dynamodb.tokens import Scope
from infrastructure.local.dynamodb.values import Attributes, to_wire
from infrastructure.local.dynamodb.writes import Write, prepare_delete, prepare_put, prepare_update

Body = dict[str, Any]

_DUPLICATES = "Provided list of item keys contains duplicates"


def _size(row: Row | None) -> int:
    return 0 if row is None else row.size


def _run(write: Write, bill: Bill) -> tuple[Row | None, Row | None]:
    try:
        with LOCK:
            old, new, index_units = write.run()
    except DynamoError:
        bill.wrote(write.table_name, write_units(_size(write.rows.get(write.key))))
        raise
    bill.wrote(write.table_name, write_units(max(_size(old), _size(new))), index_units)
    return old, new


def put_item(backend: Any, body: Body) -> Body:
    """PutItem."""
    bill = Bill(body)
    returned = _return_values(body, "ALL_OLD")
    old, _ = _run(prepare_put(backend, body), bill)
    return _with_old(old, returned, bill)


def delete_item(backend: Any, body: Body) -> Body:
    """DeleteItem."""
    bill = Bill(body)
    returned = _return_values(body, "ALL_OLD")
    old, _ = _run(prepare_delete(backend, body), bill)
    return _with_old(old, returned, bill)


def _with_old(old: Row | None, returned: str, bill: Bill) -> Body:
    answer = bill.answer()
    if returned == "ALL_OLD" and old is not None:
        answer["Attributes"] = to_wire(old.attributes)
    return answer


def update_item(backend: Any, body: Body) -> Body:
    """UpdateItem."""
    bill = Bill(body)
    returned = _return_values(body, "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
    write = prepare_update(backend, body)
    old, new = _run(write, bill)
    answer = bill.answer()
    row = old if returned.endswith("OLD") else new
    if returned == "NONE" or row is None:
        return answer
    shown: Attributes = row.attributes if returned.startswith("ALL") else project(row.attributes, write.paths)
    if shown:
        answer["Attributes"] = to_wire(shown)
    return answer


def _return_values(body: Body, *allowed: str) -> str:
    wanted: str = body.get("ReturnValues", "NONE")
    if wanted != "NONE" and wanted not in allowed:
        raise invalid("Return values set to invalid value")
    return wanted


def get_item(backend: Any, body: Body) -> Body:
    """GetItem."""
    bill = Bill(body)
    rows = rows_of(backend.get_table(body["TableName"]))
    scope = Scope(body)
    paths = projection_of(body, scope)
    scope.check_all_used()
    consistent = bool(body.get("ConsistentRead", False))
    row = rows.find(rows.schema.key_of_request(body["Key"]), consistent)
    bill.read(body["TableName"], read_units(_size(row), consistent))
    answer = bill.answer()
    if row is not None:
        answer["Item"] = to_wire(project(row.attributes, paths))
    return answer


def batch_get_item(backend: Any, body: Body) -> Body:
    """BatchGetItem: what exceeds 16 MB comes back unprocessed."""
    requests = body["RequestItems"]
    if sum(len(request["Keys"]) for request in requests.values()) > MAX_BATCH_READS:
        raise invalid("Too many items requested for the BatchGetItem call")
    bill = Bill(body)
    answer: Body = {"Responses": {}, "UnprocessedKeys": {}}
    left = MAX_BATCH_READ_BYTES
    for table, request in requests.items():
        left = _get_batch(backend, table, request, bill, answer, left)
    return {**answer, **bill.answers()}


def _get_batch(backend: Any, table: str, request: Body, bill: Bill, answer: Body, left: int) -> int:
    rows = rows_of(backend.get_table(table))
    scope = Scope(request)
    paths = projection_of(request, scope)
    scope.check_all_used()
    found = answer["Responses"].setdefault(table, [])
    keys = [rows.schema.key_of_request(key) for key in request["Keys"]]
    if len(set(keys)) != len(keys):
        raise invalid(_DUPLICATES)
    consistent = bool(request.get("ConsistentRead", False))
    for wire, key in zip(request["Keys"], keys, strict=True):
        row = rows.find(key, consistent)
        if _size(row) > left:
            rest = answer["UnprocessedKeys"].setdefault(table, {**request, "Keys": []})
            rest["Keys"].append(wire)
            continue
        left -= _size(row)
        bill.read(table, read_units(_size(row), consistent))
        if row is not None:
            found.append(to_wire(project(row.attributes, paths)))
    return left


def batch_write_item(backend: Any, body: Body) -> Body:
    """BatchWriteItem: every put and delete stands alone."""
    bill = Bill(body)
    requests = [(table, request) for table, listed in body["RequestItems"].items() for request in listed]
    if len(requests) > MAX_BATCH_WRITES:
        raise invalid("Too many items requested for the BatchWriteItem call")
    writes = [_batch_write(backend, table, request) for table, request in requests]
    if len({(write.table_name, write.key) for write in writes}) != len(writes):
        raise invalid(_DUPLICATES)
    for write in writes:
        _run(write, bill)
    return {"UnprocessedItems": {}, **bill.answers()}


def _batch_write(backend: Any, table: str, request: Body) -> Write:
    if len(request) != 1:
        raise invalid("Supplied AttributeValue has more than one datatypes set")
    if "PutRequest" in request:
        return prepare_put(backend, {"TableName": table, "Item": request["PutRequest"]["Item"]})
    return prepare_delete(backend, {"TableName": table, "Key": request["DeleteRequest"]["Key"]})
