"""Putting records into a Kinesis stream."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client

MOST_RECORDS = 500
"""What one request carries; ours are far below its 5 MB."""
_LOG = logging.getLogger("mediawright.kinesis")


def put(stream: str, records: Sequence[tuple[str, str]]) -> list[bool]:
    """Put up to 500 records, each a partition key and a text; answers for each whether the stream has it.

    Kinesis takes every record for itself and in no promised order. A request that fails took none, as far as we know.
    """
    entries = [{"PartitionKey": key, "Data": text.encode()} for key, text in records]
    try:
        answer = client("kinesis").put_records(StreamName=stream, Records=entries)
    except (ClientError, BotoCoreError) as error:
        _LOG.warning("%s took none of %d records: %s", stream, len(records), type(error).__name__)
        return [False] * len(records)
    return ["ErrorCode" not in result for result in answer["Records"]]
