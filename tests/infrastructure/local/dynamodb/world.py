"""An account with the table that the DynamoDB tests share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.local.dynamodb import data_plane, streams
from infrastructure.local.endpoint import direct_dispatch
from infrastructure.local.faults import FAULTS
from infrastructure.local.meter import METER

TABLE = "Runs"
ATTRIBUTES = {"Id": "S", "Part": "S", "Month": "S", "Created": "S", "Locked": "S", "LockedAt": "N"}

Client = Any
Wire = dict[str, Any]


def index(name: str, keys: list[str], **projection: Any) -> Wire:
    """A global index on a hash and perhaps a range key."""
    schema = [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    return {"IndexName": name, "KeySchema": schema, "Projection": projection or {"ProjectionType": "KEYS_ONLY"}}


def create(client: Client, **more: Any) -> str:
    """The table `Runs` with two indexes and a stream; returns the stream's ARN."""
    request = {
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "Id", "KeyType": "HASH"}, {"AttributeName": "Part", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in ATTRIBUTES.items()],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "GlobalSecondaryIndexes": [
            index("by-time", ["Month", "Created"]),
            index("locked", ["Locked", "LockedAt"], ProjectionType="INCLUDE", NonKeyAttributes=["Holder"]),
        ],
        **more,
    }
    return str(client.create_table(**request)["TableDescription"]["LatestStreamArn"])


@contextmanager
def running(direct: bool = True) -> Iterator[Client]:
    """The embedded DynamoDB in this process, empty but for its table."""
    data_plane.install()
    if direct:
        direct_dispatch.install(["dynamodb", "stepfunctions", "lambda"])
    with mock_aws():
        METER.reset()
        client = boto3.client("dynamodb", region_name="us-east-1")
        if not direct:
            direct_dispatch.detach(client)
        # botocore makes these classes at first use, and threads that meet there get different ones
        assert client.exceptions.TransactionCanceledException
        create(client)
        try:
            yield client
        finally:
            streams.stop()
            FAULTS.reset()
            METER.reset()


def wire(content: Any) -> Wire:
    """One attribute value of a plain Python value."""
    if isinstance(content, bool):
        return {"BOOL": content}
    if isinstance(content, int | float):
        return {"N": str(content)}
    if isinstance(content, list):
        return {"L": [wire(one) for one in content]}
    if isinstance(content, dict):
        return {"M": {name: wire(one) for name, one in content.items()}}
    return {"S": content}


def item(run: str, part: str = "run", **attributes: Any) -> Wire:
    """An item of `Runs`; attributes that are wire forms already (one upper-case type) are kept."""
    return {name: wire(content) for name, content in {"Id": run, "Part": part, **attributes}.items()}


def key(run: str, part: str = "run") -> Wire:
    """The key of an item."""
    return item(run, part)


def put(client: Client, run: str, part: str = "run", **attributes: Any) -> None:
    """Put an item of plain values."""
    client.put_item(TableName=TABLE, Item=item(run, part, **attributes))


def get(client: Client, run: str, part: str = "run") -> Wire | None:
    """The item as it stands."""
    found: Wire | None = client.get_item(TableName=TABLE, Key=key(run, part), ConsistentRead=True).get("Item")
    return found


def update(client: Client, run: str, expression: str, values: Wire | None = None, **more: Any) -> Any:
    """Update an item by an expression over plain values."""
    given = {f":{name}": wire(content) for name, content in (values or {}).items()}
    request = {"ExpressionAttributeValues": given} if given else {}
    return client.update_item(TableName=TABLE, Key=key(run), UpdateExpression=expression, **{**request, **more}).get(
        "Attributes"
    )


def refused(code: str, says: str = "") -> Any:
    """The call within must fail with this code, its message matching a pattern."""
    return pytest.raises(ClientError, match=rf"(?s)\({code}\).*{says}")


_numbers = itertools.count()


def fresh(prefix: str = "run") -> str:
    """A name no one else has."""
    return f"{prefix}-{next(_numbers)}"
