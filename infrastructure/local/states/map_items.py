"""What a distributed Map goes through: objects under a prefix, or the lines or rows of one object."""

from __future__ import annotations

import csv
import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from moto.core.models import botocore_stubber

from infrastructure.local.states.values import Shared, loads

LIST = "s3:listObjectsV2"
GET = "s3:getObject"
_MAKING = threading.Lock()
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}


class ItemsUnreadable(Exception):
    """The data set isn't there or isn't what `ReaderConfig` says."""


def json_array(text: str, _config: dict[str, Any]) -> Iterator[Any]:
    """The members of a JSON array. Raises ItemsUnreadable."""
    value = _parsed(text, "the object")
    if not isinstance(value, list):
        raise ItemsUnreadable("Attempting to map over non-iterable node.")
    yield from value


def json_lines(text: str, _config: dict[str, Any]) -> Iterator[Any]:
    """One JSON value a line; empty lines are nothing. Raises ItemsUnreadable, naming the line."""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parsed(line, f"line {number}")


def csv_rows(text: str, config: dict[str, Any]) -> Iterator[Any]:
    """Rows by the header's names, all texts; missing columns are empty. Raises ItemsUnreadable."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_DELIMITERS[config.get("CSVDelimiter", "COMMA")])
    given = config.get("CSVHeaders")
    names = given if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    if not names or len(set(names)) < len(names):
        raise ItemsUnreadable("CSV headers must be there and cannot contain duplicates.")
    for row in rows:
        if row:
            yield Shared(zip(names, row + [""] * (len(names) - len(row)), strict=False))


READERS: dict[str, Callable[[str, dict[str, Any]], Iterator[Any]]] = {
    "JSON": json_array,
    "JSONL": json_lines,
    "CSV": csv_rows,
}


def _parsed(text: str, place: str) -> Any:
    try:
        return loads(text)
    except ValueError as error:
        raise ItemsUnreadable(f"{place} is no JSON: {error}") from error


def _listed(entry: dict[str, Any]) -> Shared:
    return Shared(
        Etag=entry["ETag"],
        Key=entry["Key"],
        LastModified=int(entry["LastModified"].timestamp()),
        Size=entry["Size"],
        StorageClass=entry.get("StorageClass", "STANDARD"),
    )


def s3_client(region: str) -> Any:
    """The client of the account that is up, which its endpoint tells: a stopped one's is gone."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3", "")
    keys = os.environ.get("AWS_ACCESS_KEY_ID", ""), os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    with _MAKING:
        return _client(region, endpoint, keys, bool(botocore_stubber.enabled))


@lru_cache(8)
def _client(region: str, _endpoint: str, _keys: tuple[str, str], _stubbed: bool) -> Any:
    """Made once: that costs more than a small map. The default session isn't made for threads."""
    session: Any = boto3.session.Session()
    return session.client("s3", region_name=region)


def _objects(client: Any, arguments: dict[str, Any]) -> Iterator[Shared]:
    for page in client.get_paginator("list_objects_v2").paginate(**arguments):
        yield from map(_listed, page.get("Contents", []))


def _content(client: Any, arguments: dict[str, Any], config: dict[str, Any]) -> Iterator[Any]:
    body = client.get_object(**arguments)["Body"].read()
    return READERS[config["InputType"]](body.decode("utf-8-sig"), config)


def read(region: str, resource: str, arguments: dict[str, Any], config: dict[str, Any]) -> list[Any]:
    """The items of an `ItemReader` with its expressions evaluated. Raises ItemsUnreadable."""
    client = s3_client(region)
    try:
        found: Iterable[Any]
        found = _objects(client, arguments) if resource.endswith(LIST) else _content(client, arguments, config)
        return list(islice(found, config.get("MaxItems") or None))
    except (ClientError, BotoCoreError, UnicodeDecodeError, csv.Error) as error:
        raise ItemsUnreadable(str(error)) from error
